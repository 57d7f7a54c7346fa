{{/* The claim template of a StatefulSet. Takes a list: the root context and the size. */}}
{{- define "data.claim" -}}
{{- $root := index . 0 -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: { name: data }
  spec:
    accessModes: [ReadWriteOnce]
    {{- with $root.Values.storageClassName }}
    storageClassName: {{ . | quote }}
    {{- end }}
    resources: { requests: { storage: {{ index . 1 }} } }
{{- end }}

{{/*
Pods of these components each run on another node if there are enough nodes when their volumes are created. It is only a
preference, because a volume ties its pod to a node: a rule would leave the pod without any node after another has joined.
Takes a list: the root context and the components.
*/}}
{{- define "data.spread" -}}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector: {{- include "common.components" (rest .) | nindent 12 }}
topologySpreadConstraints:
  - topologyKey: kubernetes.io/hostname
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {{- include "common.components" (rest .) | nindent 6 }}
{{- end }}
