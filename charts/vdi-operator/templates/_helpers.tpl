{{/* What the names of the chart's objects begin with. */}}
{{- define "vdi.fullname" -}}
{{ .Values.fullnameOverride | default .Values.nameOverride | default "vdi" | trunc 30 | trimSuffix "-" }}
{{- end }}

{{/* The name of an object of the chart. Argument: (list . "component"). */}}
{{- define "vdi.name" -}}
{{ include "vdi.fullname" (index . 0) }}-{{ index . 1 }}
{{- end }}

{{/* The values of a service, also of one that the values of an earlier release lack. Argument: (list . "component"). */}}
{{- define "vdi.values" -}}
{{- $values := (index . 0).Values -}}
{{- $keys := dict "controller" "controller" "admission-webhook" "admissionWebhook" "reaper" "reaper" "gate" "gate" -}}
{{- index $values (index $keys (index . 1)) | default dict | toYaml }}
{{- end }}

{{/* The name of the ServiceAccount of a service. Argument: (list . "component"). */}}
{{- define "vdi.serviceAccount" -}}
{{- $account := (include "vdi.values" . | fromYaml).serviceAccount | default dict -}}
{{- $account.name | default (include "vdi.name" .) }}
{{- end }}

{{/* The ServiceAccount of the tokens that kubelets get from the reaper. */}}
{{- define "vdi.kubeletAccount" -}}
{{ include "vdi.name" (list . "reaper") }}-kubelet
{{- end }}

{{/* Labels of every object in the chart. Argument: (list . "component"). */}}
{{- define "vdi.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{ include "vdi.selector" . }}
{{- end }}

{{/* Selector labels of the pods of a component. Argument: (list . "component"). */}}
{{- define "vdi.selector" -}}
app.kubernetes.io/name: vdi-operator
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Names of the enabled components, separated by spaces. */}}
{{- define "vdi.components" -}}
controller admission-webhook{{ if .Values.reaper.enabled }} reaper{{ end }}{{ if (.Values.gate).enabled }} gate{{ end }}
{{- end }}

{{/* access.mode of the controller: how browsers reach desktops. */}}
{{- define "vdi.accessMode" -}}
{{- $enabled := (.Values.gate).enabled | default false -}}
{{- $mode := (.Values.config.access).mode | default (ternary "gate" "basic" $enabled) -}}
{{- if and (eq $mode "gate") (not $enabled) }}
{{- fail "config.access.mode is gate: set gate.enabled to true" }}
{{- end }}
{{- $mode }}
{{- end }}

{{/* NetworkPolicyPeers of the router, as JSON. The controller has the same default. */}}
{{- define "vdi.routerFrom" -}}
{{- $names := dict "key" "kubernetes.io/metadata.name" "operator" "In" "values" (list "kube-system" "traefik" "ingress-nginx") -}}
{{- $default := list (dict "namespaceSelector" (dict "matchExpressions" (list $names))) -}}
{{ (.Values.config.network).routerFrom | default $default | toJson }}
{{- end }}

{{/* The host of the portal, from its public address. */}}
{{- define "vdi.portalHost" -}}
{{- $url := urlParse (.Values.gate.publicUrl | default "") -}}
{{- if or (ne $url.scheme "https") (not $url.hostname) (not (has $url.path (list "" "/"))) }}
{{- fail (printf "gate.publicUrl %q is not the address of the portal: set gate.publicUrl to an address such as https://portal.%s" (.Values.gate.publicUrl | default "") .Values.config.domain) }}
{{- end }}
{{- $url.hostname }}
{{- end }}

{{/* The settings notices of the reaper, with the paths of the files that its Deployment mounts. */}}
{{- define "vdi.notices" -}}
{{- $notices := deepCopy ((.Values.config.reaper).notices | default dict) -}}
{{- range $sink, $files := dict "webhook" (dict "tokenFile" "token") "smtp" (dict "usernameFile" "username" "passwordFile" "password") "chat" (dict "urlFile" "url") -}}
{{- with index $notices $sink -}}
{{- $settings := omit . "existingSecret" -}}
{{- if eq $sink "chat" }}{{ $settings = omit $settings "port" }}{{ end -}}
{{- if .existingSecret -}}
{{- range $setting, $key := $files -}}
{{- $settings = merge $settings (dict $setting (printf "/etc/vdi/notices/%s-%s" $sink $key)) -}}
{{- end -}}
{{- end -}}
{{- $notices = merge (dict $sink $settings) (omit $notices $sink) -}}
{{- end -}}
{{- end -}}
{{ toYaml $notices }}
{{- end }}

{{/* The settings of the gate. */}}
{{- define "vdi.gateConfig" -}}
{{- $gate := omit .Values.gate "oidc" "enabled" "route" "replicas" "resources" "jvmFlags" "podLabels" "podAnnotations" "extraEnv" "extraVolumes" "extraVolumeMounts" "affinity" "topologySpreadConstraints" "podSecurityContext" "securityContext" "serviceAccount" "autoscaling" "podDisruptionBudget" -}}
{{- $oidc := omit (.Values.gate.oidc | default dict) "existingSecret" -}}
{{- if (.Values.gate.oidc).existingSecret }}
{{- $oidc = merge (dict "clientSecretFile" "/etc/vdi/oidc/clientSecret") $oidc }}
{{- end }}
{{- $gate = merge (dict "oidc" $oidc) $gate -}}
{{- with .Values.watchNamespaces }}
{{- $gate = merge $gate (dict "namespace" (first .)) }}
{{- end }}
{{- $retention := pick (.Values.config.reaper | default dict) "homeRetention" "warningBefore" -}}
{{- $quota := .Values.config.quota | default dict -}}
{{- $usage := pick (.Values.config.usage | default dict) "timeZone" -}}
{{- toYaml (merge $retention (dict "gate" $gate "usage" $usage "quota" $quota "identity" (.Values.config.identity | default dict) "watchNamespaces" (.Values.watchNamespaces | default list) "logging" (dict "levels" .Values.config.logging))) }}
{{- end }}

{{/* The values podSecurityContext and securityContext, for releases whose values are older than these. */}}
{{- define "vdi.podSecurityContext" -}}
{runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
{{- end }}
{{- define "vdi.securityContext" -}}
{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
{{- end }}

{{/* The image of a service. Argument: (list . "component"). */}}
{{- define "vdi.image" -}}
{{- $root := index . 0 -}}
{{- $image := $root.Values.image -}}
{{- if and $image.tag (not (kindIs "string" $image.tag)) }}
{{- fail (printf "image.tag is the number %v, which loses zeros at its end: write it in quotes, or use --set-string image.tag=..." $image.tag) }}
{{- end }}
{{- $registry := ($root.Values.global).imageRegistry | default $image.registry | trimSuffix "/" -}}
{{- printf "%s/%s:%s" $registry (index . 1) ($image.tag | default $root.Chart.AppVersion) -}}
{{- with index ($image.digests | default dict) (index . 1) }}@{{ . }}{{ end }}
{{- end }}

{{/* Name of the Secret with the TURN server's shared secret. Empty if there is none. */}}
{{- define "vdi.turnSecret" -}}
{{- if .Values.config.turn.host }}{{ .Values.config.turn.secretName | default (ternary "vdi-turn" "" .Values.coturn.enabled) }}{{ end }}
{{- end }}

{{/* Source of the volume with the CA of client certificates, as JSON. Empty if the webhook requires none. */}}
{{- define "vdi.clientCA" -}}
{{- /* Absent in values of an earlier release. */}}
{{- $ca := .Values.admissionWebhook.clientCA | default dict -}}
{{- $items := list (dict "key" ($ca.key | default "ca.crt") "path" "ca.crt") -}}
{{- if $ca.configMap -}}
{{ dict "configMap" (dict "name" $ca.configMap "items" $items) | toJson }}
{{- else if $ca.secret -}}
{{ dict "secret" (dict "secretName" $ca.secret "items" $items) | toJson }}
{{- else -}}
{}
{{- end }}
{{- end }}

{{/*
The Deployment of a service. Argument: a dict with root, component and values, and optionally additional ports,
mounts, volumes and annotations of the pods.
*/}}
{{- define "vdi.deployment" -}}
{{- $root := .root -}}
{{- $name := include "vdi.name" (list $root .component) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "vdi.labels" (list $root .component) | nindent 4 }}
spec:
  {{- if not (.values.autoscaling).enabled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "vdi.selector" (list $root .component) | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  template:
    metadata:
      labels:
        {{- include "vdi.labels" (list $root .component) | nindent 8 }}
        {{- if eq .component "controller" }}
        # By this label tools for kubebuilder projects find the controller.
        control-plane: controller-manager
        {{- end }}
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if or $root.Values.watchNamespaces .values.podAnnotations .annotations }}
      annotations:
        {{- with .annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $root.Values.watchNamespaces }}
        # A change restarts the pods: the services read it only at their start.
        vdi.kasm.io/watch-namespaces: {{ join "," . | quote }}
        {{- end }}
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "vdi.serviceAccount" (list $root .component) }}
      # Services of this namespace set no environment variables.
      enableServiceLinks: false
      {{- with concat ($root.Values.image.pullSecrets | default list) (($root.Values.global).imagePullSecrets | default list) }}
      imagePullSecrets: {{ toJson . }}
      {{- end }}
      {{- with $root.Values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $root.Values.nodeSelector }}
      nodeSelector: {{ toJson . }}
      {{- end }}
      {{- with $root.Values.tolerations }}
      tolerations: {{ toJson . }}
      {{- end }}
      {{- with .values.affinity }}
      affinity: {{ toJson . }}
      {{- end }}
      # Longer than a service needs to finish its running work.
      terminationGracePeriodSeconds: 30
      topologySpreadConstraints:
        {{- with .values.topologySpreadConstraints }}
        {{- toYaml . | nindent 8 }}
        {{- else }}
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "vdi.selector" (list $root .component) | nindent 14 }}
        {{- end }}
      securityContext:
        {{- toYaml (.values.podSecurityContext | default $root.Values.podSecurityContext | default (include "vdi.podSecurityContext" . | fromYaml)) | nindent 8 }}
      containers:
        - name: {{ .component }}
          image: {{ include "vdi.image" (list $root .component) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          securityContext:
            {{- toYaml (.values.securityContext | default $root.Values.securityContext | default (include "vdi.securityContext" . | fromYaml)) | nindent 12 }}
          env:
            - name: VDI_CONFIG_FILE
              value: /etc/vdi/config/{{ .component }}.yaml
            - name: POD_UID
              valueFrom: {fieldRef: {fieldPath: metadata.uid}}
            {{- with .values.jvmFlags }}
            - name: JDK_JAVA_OPTIONS
              value: {{ join " " . | quote }}
            {{- end }}
            {{- with $root.Values.listenAddress }}
            - name: vdiConfig_SERVER_HOST
              value: {{ . | quote }}
            {{- end }}
            {{- if and $root.Values.listenAddress (has .component (list "admission-webhook" "gate")) }}
            - name: vdiConfig_{{ ternary "GATE" "ADMISSION" (eq .component "gate") }}_HOST
              value: {{ $root.Values.listenAddress | quote }}
            {{- end }}
            {{- with .values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - {name: metrics, containerPort: 8081}
            {{- range .ports }}
            - {{ toJson . }}
            {{- end }}
          startupProbe:
            httpGet: {path: /observe/health/started, port: metrics}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /observe/health/live, port: metrics}
            periodSeconds: 10
            timeoutSeconds: 5
          readinessProbe:
            httpGet: {path: /observe/health/ready, port: metrics}
            periodSeconds: 2
            timeoutSeconds: 5
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            # Mounts the directory, because a file mounted by subPath does not receive ConfigMap updates.
            - {name: config, mountPath: /etc/vdi/config, readOnly: true}
            - {name: tmp, mountPath: /tmp}
            {{- range concat (.mounts | default list) (.values.extraVolumeMounts | default list) }}
            - {{ toJson . }}
            {{- end }}
      volumes:
        - name: config
          configMap: {name: {{ include "vdi.name" (list $root "config") }}}
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
        {{- range concat (.volumes | default list) (.values.extraVolumes | default list) }}
        - {{ toJson . }}
        {{- end }}
{{- end }}
