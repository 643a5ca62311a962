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
controller admission-webhook{{ if .Values.reaper.enabled }} reaper{{ end }}
{{- end }}

{{- define "vdi.image" -}}
{{- $root := index . 0 -}}
{{ printf "%s/%s:%s" $root.Values.image.registry (index . 1) ($root.Values.image.tag | default $root.Chart.AppVersion) }}
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
mounts and volumes.
*/}}
{{- define "vdi.deployment" -}}
{{- $root := .root -}}
{{- $name := printf "vdi-%s" .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "vdi.labels" (list $root .component) | nindent 4 }}
spec:
  replicas: {{ .values.replicas }}
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
      {{- with $root.Values.watchNamespaces }}
      annotations:
        # A change restarts the pods: the services read it only at their start.
        vdi.kasm.io/watch-namespaces: {{ join "," . | quote }}
      {{- end }}
    spec:
      serviceAccountName: {{ $name }}
      # Services of this namespace set no environment variables.
      enableServiceLinks: false
      {{- with $root.Values.image.pullSecrets }}
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
      # Longer than a service needs to finish its running work.
      terminationGracePeriodSeconds: 30
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "vdi.selector" (list $root .component) | nindent 14 }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: {{ .component }}
          image: {{ include "vdi.image" (list $root .component) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          env:
            - name: VDI_CONFIG_FILE
              value: /etc/vdi/config/{{ .component }}.yaml
            {{- with .values.jvmFlags }}
            - name: JDK_JAVA_OPTIONS
              value: {{ join " " . | quote }}
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
            {{- range .mounts }}
            - {{ toJson . }}
            {{- end }}
      volumes:
        - name: config
          configMap: {name: vdi-config}
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
        {{- range .volumes }}
        - {{ toJson . }}
        {{- end }}
{{- end }}
