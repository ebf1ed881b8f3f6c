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

{{- /* Not empty where the models are on a volume that one node alone can mount. */ -}}
{{- define "flts.isOfOneNode" -}}
{{- with .Values.registry.persistence -}}
{{- if and .enabled (not .existingClaim) (eq .accessMode "ReadWriteOnce") -}}
true
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Pods that share a volume of one node have to be on it: spread over nodes, all but those of the first would hang. */ -}}
{{- define "flts.affinity" -}}
{{- $affinity := deepCopy .Values.inference.affinity -}}
{{- if and (include "flts.isOfOneNode" .) (not (hasKey $affinity "podAffinity")) -}}
{{- $selector := dict "matchLabels" (include "flts.serving" . | fromYaml) -}}
{{- $together := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" $selector -}}
{{- $_ := set $affinity "podAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $together)) -}}
{{- end -}}
{{- with $affinity -}}
{{- toYaml . -}}
{{- end -}}
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
