{{/* The pod that runs a script with the backups. Takes a list: the root context and the name of the script. */}}
{{- define "data.backup" -}}
{{- $root := index . 0 -}}
metadata:
  labels: {{- include "common.podLabels" (list $root "backup") | nindent 4 }}
spec:
  {{- include "common.pod" (list $root 999) | nindent 2 }}
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 1
  {{- if $root.Values.backup.offNode }}
  # The node of the primary may be lost, and with it everything on its disk.
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        - topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              statefulset.kubernetes.io/pod-name: mysql-0
              {{- include "common.selector" (list $root "mysql") | nindent 14 }}
  {{- end }}
  containers:
    - name: {{ index . 1 }}
      {{- include "common.container" $root.Values.mysql.image | nindent 6 }}
      command: [/bin/sh, /etc/theapp/{{ index . 1 }}.sh]
      env:
        - { name: KEEP, value: {{ $root.Values.backup.keep | quote }} }
      resources: {{- toYaml $root.Values.jobs.resources | nindent 8 }}
      volumeMounts:
        - { name: backup, mountPath: /backup }
        - { name: secrets, mountPath: /run/secrets, readOnly: true }
        - { name: config, mountPath: /etc/theapp, readOnly: true }
        - { name: tmp, mountPath: /tmp }
  volumes:
    - name: backup
      persistentVolumeClaim: { claimName: {{ $root.Values.backup.existingClaim | default "mysql-backup" }} }
    {{- include "common.secrets" (list $root (dict "mysql-root-password" "mysql-root")) | nindent 4 }}
    - name: config
      configMap: { name: mysql-backup }
    - name: tmp
      emptyDir: { sizeLimit: 16Mi }
{{- end }}
