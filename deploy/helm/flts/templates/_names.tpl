{{- define "flts.fullname" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 38 | trimSuffix "-" -}}
{{- end -}}

{{- define "flts.selector" -}}
app.kubernetes.io/name: flts
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "flts.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "flts.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "flts.serving" -}}
{{ include "flts.selector" . }}
app.kubernetes.io/component: inference
{{- end -}}

{{- define "flts.image" -}}
{{- $tag := printf "%s%s" .Chart.AppVersion (ternary "-cuda" "" (eq .Values.inference.device "cuda")) -}}
{{- printf "%s:%s" .Values.image.repository (default $tag .Values.image.tag) -}}
{{- end -}}

{{- define "flts.claim" -}}
{{- default (printf "%s-models" (include "flts.fullname" .)) .Values.registry.persistence.existingClaim -}}
{{- end -}}

{{- /* What a container may do: nothing but compute, and write to what is mounted. */ -}}
{{- define "flts.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "flts.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}
