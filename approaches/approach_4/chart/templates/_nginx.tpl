{{/*
nginx's configuration is nginx/cluster.conf.hbs of this repository, which approach_2 renders with Handlebars. The file
has only variables and one loop; a test checks that both renderings are equal.
*/}}
{{- define "theapp.nginx" -}}
{{- $allowed := "" }}
{{- range .Values.edge.metricsFrom }}{{ $allowed = printf "%s      allow %s;\n" $allowed . }}{{ end }}
{{- $loop := "(?s)[{]{2}#each metrics_from[}]{2}\n.*?[{]{2}/each[}]{2}\n" }}
{{- $text := regexReplaceAllLiteral $loop (.Files.Get "files/nginx.conf.hbs") $allowed }}
{{- $variables := dict
  "resolver" .Values.edge.resolver
  "app" (printf "theapp.%s.svc.%s:3000" .Release.Namespace .Values.clusterDomain)
  "max_body" .Values.edge.maxBody
  "read_seconds" (.Values.edge.readSeconds | int | toString)
  "retry_seconds" (mul 4 .Values.edge.readSeconds | toString)
}}
{{- range $name, $value := $variables }}
{{- $text = replace (printf "{{%s}}" $name) $value $text }}
{{- end }}
{{- if contains "{{" $text }}{{ fail "files/nginx.conf.hbs has a variable that the chart does not set" }}{{ end }}
{{- $text }}
{{- end }}
