{{- /*
What contradicts itself is refused here with one sentence, before a cluster half accepts it. values.schema.json holds
what one value alone may be.
*/ -}}
{{- define "flts.refuseContradictions" -}}
{{- $auto := .Values.autoscaling -}}
{{- $inference := .Values.inference -}}
{{- if and $auto.hpa.enabled $auto.keda.enabled -}}
{{- fail "autoscaling.hpa and autoscaling.keda are both on: they would fight over the replicas, turn one off." -}}
{{- end -}}
{{- if gt (int $auto.minReplicas) (int $auto.maxReplicas) -}}
{{- fail (printf "autoscaling.minReplicas %d is above autoscaling.maxReplicas %d." (int $auto.minReplicas) (int $auto.maxReplicas)) -}}
{{- end -}}
{{- if and $auto.keda.enabled (or (lt (int $auto.keda.fallbackReplicas) (int $auto.minReplicas)) (gt (int $auto.keda.fallbackReplicas) (int $auto.maxReplicas))) -}}
{{- fail (printf "autoscaling.keda.fallbackReplicas %d is not between minReplicas %d and maxReplicas %d." (int $auto.keda.fallbackReplicas) (int $auto.minReplicas) (int $auto.maxReplicas)) -}}
{{- end -}}
{{- include "flts.refuseLimits" (dict "place" "inference.resources" "resources" $inference.resources) -}}
{{- include "flts.refuseLimits" (dict "place" "loadtest.resources" "resources" .Values.loadtest.resources) -}}
{{- include "flts.refuseWorkers" $inference -}}
{{- include "flts.refuseDevice" $inference -}}
{{- include "flts.refuseRollout" . -}}
{{- include "flts.refuseSpread" . -}}
{{- include "flts.refuseRegistry" .Values -}}
{{- if .Values.loadtest.enabled -}}
{{- include "flts.refuseLoadTest" . -}}
{{- end -}}
{{- $own := include "flts.ownSettings" . | fromYaml -}}
{{- range $name, $value := merge (dict) $inference.env $inference.secretEnv -}}
{{- if hasKey $own $name -}}
{{- fail (printf "inference.env: %s is set by the chart (from %s), leave it out." $name (get $own $name)) -}}
{{- end -}}
{{- end -}}
{{- range $name, $reference := $inference.secretEnv -}}
{{- if hasKey $inference.env $name -}}
{{- fail (printf "%s is both in inference.env and in inference.secretEnv." $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "flts.refuseLimits" -}}
{{- $requests := .resources.requests -}}
{{- $limits := .resources.limits -}}
{{- if and (hasKey $limits "cpu") (hasKey $requests "cpu") -}}
{{- if lt (include "flts.milliCores" $limits.cpu | int64) (include "flts.milliCores" $requests.cpu | int64) -}}
{{- fail (printf "%s: the CPU limit %v is below the request %v." .place $limits.cpu $requests.cpu) -}}
{{- end -}}
{{- end -}}
{{- if and (hasKey $limits "memory") (hasKey $requests "memory") -}}
{{- if lt (include "flts.bytes" $limits.memory | int64) (include "flts.bytes" $requests.memory | int64) -}}
{{- fail (printf "%s: the memory limit %v is below the request %v." .place $limits.memory $requests.memory) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "flts.refuseWorkers" -}}
{{- if and (hasKey .resources.limits "cpu") (ne (toString .workers) "auto") (ne (toString .processes) "auto") -}}
{{- $milli := include "flts.milliCores" .resources.limits.cpu | int64 -}}
{{- $threads := mul (int .workers) (int .processes) -}}
{{- if and (gt $threads 1) (gt (mul $threads 1000) $milli) -}}
{{- fail (printf "inference.workers %d x inference.processes %d are more threads than the CPU limit %v: they would be throttled." (int .workers) (int .processes) .resources.limits.cpu) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "flts.refuseDevice" -}}
{{- $hasGpu := hasKey .resources.limits "nvidia.com/gpu" -}}
{{- if and (eq .device "cuda") (not $hasGpu) -}}
{{- fail "inference.device is cuda but inference.resources.limits has no nvidia.com/gpu." -}}
{{- end -}}
{{- if and $hasGpu (ne .device "cuda") -}}
{{- fail "inference.resources.limits asks for nvidia.com/gpu but inference.device is not cuda: the GPU would idle." -}}
{{- end -}}
{{- end -}}

{{- define "flts.refuseSpread" -}}
{{- $spread := .Values.inference.topologySpread -}}
{{- if and (include "flts.isOfOneNode" .) (eq $spread.whenUnsatisfiable "DoNotSchedule") (has "kubernetes.io/hostname" $spread.keys) -}}
{{- fail "inference.topologySpread wants pods on different nodes, registry.persistence.accessMode ReadWriteOnce on one: use ReadWriteMany." -}}
{{- end -}}
{{- end -}}

{{- define "flts.refuseRollout" -}}
{{- $rollout := .Values.inference.rollout -}}
{{- if and (has (toString $rollout.maxSurge) (list "0" "0%")) (has (toString $rollout.maxUnavailable) (list "0" "0%")) -}}
{{- fail "inference.rollout: maxSurge and maxUnavailable are both 0, so no pod could ever be replaced." -}}
{{- end -}}
{{- end -}}

{{- define "flts.refuseRegistry" -}}
{{- $registry := .registry -}}
{{- $uri := $registry.uri -}}
{{- $persistence := $registry.persistence -}}
{{- $isDir := or (hasPrefix "dir:" $uri) (not (contains ":" $uri)) -}}
{{- $path := trimPrefix "dir:" $uri -}}
{{- $isOnVolume := or (eq $path "/models") (hasPrefix "/models/" $path) -}}
{{- if and $isDir (not (and $isOnVolume $persistence.enabled)) -}}
{{- fail (printf "registry.uri %s is a folder outside the volume: use dir:/models with registry.persistence.enabled." $uri) -}}
{{- end -}}
{{- if and $persistence.enabled (not $isDir) -}}
{{- fail (printf "registry.uri %s is no folder, so registry.persistence would mount a volume that nothing reads: turn it off." $uri) -}}
{{- end -}}
{{- $isMlflow := not (or $isDir (hasPrefix "s3://" $uri)) -}}
{{- $given := merge (dict) .inference.env .inference.secretEnv -}}
{{- if and $isMlflow (not (or (hasKey $given "MLFLOW_TRACKING_URI") (hasKey $given "FLTS_MLFLOW_TRACKING_URI"))) -}}
{{- fail (printf "registry.uri %s needs MLflow's address: give MLFLOW_TRACKING_URI in inference.env." $uri) -}}
{{- end -}}
{{- end -}}

{{- define "flts.refuseLoadTest" -}}
{{- $test := .Values.loadtest -}}
{{- $lengths := include "flts.scenarioSeconds" . | fromYaml -}}
{{- if not (hasKey $lengths $test.scenario) -}}
{{- fail (printf "loadtest.scenario %s has no fixed length, so it cannot be spread over shards: take one of %s." $test.scenario (keys $lengths | sortAlpha | join ", ")) -}}
{{- end -}}
{{- if and (has $test.scenario (list "production" "overload")) (eq (float64 $test.capacity) 0.0) -}}
{{- fail (printf "loadtest.scenario %s refers to the capacity, which shards cannot measure: give loadtest.capacity." $test.scenario) -}}
{{- end -}}
{{- if not (gt (float64 $test.scale) 0.0) -}}
{{- fail "loadtest.scale must be above 0." -}}
{{- end -}}
{{- if not $test.startAt -}}
{{- fail "loadtest.startAt is empty: say when all shards start, such as 2030-01-01T12:00:00Z." -}}
{{- end -}}
{{- if lt (include "flts.startEpoch" . | int64) 0 -}}
{{- fail (printf "loadtest.startAt %s is no moment that there is." $test.startAt) -}}
{{- end -}}
{{- $seconds := mulf (get $lengths $test.scenario) $test.scale -}}
{{- if lt (float64 $test.activeDeadlineSeconds) $seconds -}}
{{- fail (printf "loadtest.activeDeadlineSeconds %d would end the jobs before the scenario %s, which takes %.0f s." (int $test.activeDeadlineSeconds) $test.scenario $seconds) -}}
{{- end -}}
{{- if and .Values.auth.apiKeysSecret (not $test.target) (not $test.apiKeySecret) -}}
{{- fail "loadtest.apiKeySecret is empty but auth.apiKeysSecret is not: the service would refuse every request." -}}
{{- end -}}
{{- end -}}

{{- /* The presets that shards can drive, and how long they take. */ -}}
{{- define "flts.scenarioSeconds" -}}
progressive: 95
production: 8580
overload: 50
{{- end -}}

{{- /* Settings that the chart gives the service, and the value that each comes from. */ -}}
{{- define "flts.ownSettings" -}}
FLTS_HOST: the chart's own wiring
FLTS_PORT: the chart's own wiring
FLTS_REPLICA_ID: the pod's name
FLTS_REGISTRY: registry.uri
FLTS_MODEL_CACHE_FOLDER: the chart's own wiring
FLTS_IDENTIFIER: registry.identifier
IDENTIFIER: registry.identifier
FLTS_DEVICE: inference.device
FLTS_WORKERS: inference.workers
FLTS_PROCESSES: inference.processes
FLTS_DRAIN_NOTICE_MS: inference.drain.noticeSeconds
FLTS_DRAIN_GRACE_MS: inference.drain.graceSeconds
FLTS_API_KEYS_FILE: auth.apiKeysSecret
FLTS_ADMIN_TOKEN: auth.adminTokenSecret
{{- end -}}
