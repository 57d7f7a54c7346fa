{{/* Helpers of both charts: theapp-data has a link to this file. */}}

{{/* The labels of an object. Takes a list: the root context and the component. */}}
{{- define "common.labels" -}}
{{- $root := index . 0 -}}
{{ include "common.podLabels" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{/* The labels of a pod. They stay the same when the chart changes, so that only real changes replace pods. */}}
{{- define "common.podLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/part-of: theapp
{{ include "common.selector" . }}
{{- end }}

{{/* What selects the pods of a component. */}}
{{- define "common.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- end }}

{{/* Selects the pods of components, of either chart, for NetworkPolicies. Takes a list of components. */}}
{{- define "common.components" -}}
matchLabels:
  app.kubernetes.io/part-of: theapp
matchExpressions:
  - { key: app.kubernetes.io/component, operator: In, values: [{{ join ", " . }}] }
{{- end }}

{{/* The image of a container and what the Pod Security profile "restricted" requires of it. Takes an image of values.yaml. */}}
{{- define "common.container" -}}
image: {{ include "common.image" . | quote }}
imagePullPolicy: {{ .pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "common.image" -}}
{{- $name := list .registry .repository | compact | join "/" -}}
{{- if .digest }}{{ $name }}@{{ .digest }}{{ else }}{{ $name }}:{{ .tag }}{{ end -}}
{{- end }}

{{/* The security and the placement of a pod. Takes a list: the root context and the number of its user. */}}
{{- define "common.pod" -}}
{{- $root := index . 0 -}}
{{- $user := index . 1 -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $user }}
  runAsGroup: {{ $user }}
  fsGroup: {{ $user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Tolerations of a pod whose data, if it has any, may be lost: another node takes over within seconds. */}}
{{- define "common.moves" -}}
{{- range list "not-ready" "unreachable" }}
- key: node.kubernetes.io/{{ . }}
  operator: Exists
  effect: NoExecute
  tolerationSeconds: {{ $.Values.evictAfterSeconds }}
{{- end }}
{{- end }}

{{/* A volume with secrets as files. Takes a list: the root context and the path of each key of the Secret. */}}
{{- define "common.secrets" -}}
{{- $root := index . 0 -}}
- name: secrets
  secret:
    secretName: {{ $root.Values.existingSecret }}
    defaultMode: 0440
    items:
      {{- range $key, $path := index . 1 }}
      - { key: {{ $key }}, path: {{ $path }} }
      {{- end }}
{{- end }}

{{/* Annotations that change with secrets, so that the pods that use them are replaced. Takes a list: the root context and keys of the Secret. */}}
{{- define "common.secretsChecksum" -}}
{{- $root := index . 0 -}}
{{- range index . 1 }}
checksum/{{ . }}: {{ get $root.Values.secretsChecksum . | default "" | quote }}
{{- end }}
{{- end }}
