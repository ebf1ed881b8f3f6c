{{- /* The service's settings as environment of its container. */ -}}
{{- define "flts.env" -}}
{{- $inference := .Values.inference -}}
- name: FLTS_HOST
  value: 0.0.0.0
- name: FLTS_PORT
  value: '8000'
- name: FLTS_REPLICA_ID
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: FLTS_REGISTRY
  value: {{ .Values.registry.uri | quote }}
{{- if not .Values.registry.persistence.enabled }}
- name: FLTS_MODEL_CACHE_FOLDER
  value: /models
{{- end }}
{{- with .Values.registry.identifier }}
- name: FLTS_IDENTIFIER
  value: {{ . | quote }}
{{- end }}
- name: FLTS_DEVICE
  value: {{ $inference.device }}
- name: FLTS_WORKERS
  value: {{ $inference.workers | quote }}
- name: FLTS_PROCESSES
  value: {{ $inference.processes | quote }}
- name: FLTS_DRAIN_NOTICE_MS
  value: {{ mul $inference.drain.noticeSeconds 1000 | quote }}
- name: FLTS_DRAIN_GRACE_MS
  value: {{ mul $inference.drain.graceSeconds 1000 | quote }}
{{- if .Values.auth.apiKeysSecret }}
- name: FLTS_API_KEYS_FILE
  value: /etc/flts/api-keys
{{- end }}
{{- with .Values.auth.adminTokenSecret }}
- name: FLTS_ADMIN_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: admin-token
{{- end }}
{{- range $name, $value := $inference.env }}
- name: {{ $name }}
  {{- /* YAML's numbers come as floats, which print as 6.7e+07. */}}
  value: {{ ternary (int64 $value) $value (and (kindIs "float64" $value) (eq (toString (floor $value)) (toString $value))) | quote }}
{{- end }}
{{- range $name, $reference := $inference.secretEnv }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $reference.secret }}
      key: {{ $reference.key }}
{{- end }}
{{- end -}}
