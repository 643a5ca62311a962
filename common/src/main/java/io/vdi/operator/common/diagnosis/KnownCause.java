package io.vdi.operator.common.diagnosis;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The catalogue of known causes of failures. Each has a code that never changes its meaning: {@code
 * VDI1xx} control plane, {@code VDI2xx} infrastructure, {@code VDI3xx} data plane. Commands contain
 * placeholders: {@code {session}}, {@code {namespace}}, {@code {template}}, {@code {operator}} (the
 * operator's namespace), {@code {name}} (the object that was checked).
 *
 * <p>docs/troubleshooting.md is generated from this class by TroubleshootingTest.
 */
public enum KnownCause {
  API_UNREACHABLE(
      101,
      "The API server does not answer",
      "It is down, or the kubeconfig has a wrong address, CA certificate or" + " account.",
      "Check the cluster and the current context.",
      "kubectl cluster-info"),
  NOT_INSTALLED(
      102,
      "The operator is not installed",
      "The CRDs of vdi.kasm.io or a Deployment of the operator are missing.",
      "Install the chart (docs/install.md).",
      "helm upgrade --install vdi-operator charts/vdi-operator -n {operator} --create-namespace"),
  CRDS_OUTDATED(
      103,
      "The CRDs are older than this plugin",
      "The schema in the cluster lacks fields of this version, so the API server drops them"
          + " silently, or a CRD of this version is missing.",
      "Upgrade the chart. It also upgrades the CRDs, unless crds.install is false.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  SERVICE_STOPPED(
      104,
      "A service of the operator is scaled to zero",
      "Its Deployment has no replicas. Without the controller no objects are created, without"
          + " the admission webhook no session can be applied, and without the reaper no"
          + " session expires.",
      "Scale the Deployment up.",
      "kubectl -n {operator} scale deployment/{name} --replicas=2"),
  SERVICE_NOT_READY(
      105,
      "A service of the operator has no ready pod",
      "Its pods do not start, crash, or do not become ready. Common reasons are an invalid"
          + " setting, a missing image, and nodes without free resources.",
      "Read the logs of its pods. If a rollout caused it, undo the rollout.",
      "kubectl -n {operator} rollout undo deployment/{name}"),
  NO_LEADER(
      106,
      "A service has pods but no leader",
      "No pod holds its Lease, or the Lease is not renewed, so no replica works.",
      "Delete the Lease. A healthy pod acquires it again within seconds.",
      "kubectl -n {operator} delete lease {name}"),
  RIGHTS_MISSING(
      107,
      "A service of the operator lacks a permission",
      "Its ClusterRole, Role or binding differs from the chart.",
      "Upgrade the chart to restore its roles.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  WEBHOOK_NOT_REGISTERED(
      108,
      "The API server does not call the admission webhook",
      "Its webhook configurations are missing or match no requests. Defaults, validation and"
          + " quotas are not applied, and every user can create sessions for other users.",
      "Upgrade the chart to register the webhook again.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  WEBHOOK_UNREACHABLE(
      109,
      "The API server cannot reach the admission webhook",
      "Its Service has no endpoints, or the network between the API server and the pods is"
          + " blocked. No session can be created or changed.",
      "Check that the Service selects its pods, and that firewalls and NetworkPolicies allow"
          + " port 8443.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  WEBHOOK_CERTIFICATE(
      110,
      "The certificate of the admission webhook is not accepted",
      "It is expired, is issued for another name, or is not signed by the CA in caBundle.",
      "If the webhook has its own CA, delete the Secret and it issues a new certificate. With"
          + " cert-manager, check its Certificate.",
      "kubectl -n {operator} delete secret vdi-admission-webhook-tls"),
  RECONCILE_ERRORS(
      111,
      "The controller fails to reconcile sessions",
      "Reconciles fail with errors that may be temporary, and the controller retries them.",
      "Read its log: each line names the session and the error.",
      "kubectl -n {operator} logs -l app.kubernetes.io/component=controller --tail=50"),
  TEMPLATE_MISSING(
      112,
      "The template of the session does not exist",
      "It was never created, was deleted, or its name is misspelled. The template of a session"
          + " cannot be changed.",
      "Apply the template and the session continues, or recreate the session with another"
          + " template.",
      "kubectl get vditemplates"),
  TEMPLATE_INVALID(
      113,
      "The API server rejects the desktop's pod as invalid",
      "The template has a value that is not allowed in a pod.",
      "Correct the template. The session then continues.",
      "kubectl edit vditemplate {template}"),
  FOREIGN_OBJECT(
      114,
      "An object with the session's name belongs to another owner",
      "The operator never changes objects that it did not create.",
      "Delete or rename that object, or use another name for the session.",
      "kubectl -n {namespace} delete {name}"),

  WEBHOOK_REFUSES_CALLER(
      115,
      "The admission webhook refuses the API server",
      "admissionWebhook.clientCA is set, but the API server presents no certificate of this CA with"
          + " a name in admissionWebhook.clientNames. No session can be created or changed.",
      "Give the API server a certificate (docs/install.md), or do not require one.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values --wait --set"
          + " admissionWebhook.clientCA.configMap= --set admissionWebhook.clientCA.secret="),
  NAMESPACE_NOT_WATCHED(
      116,
      "The operator does not manage sessions in this namespace",
      "The value watchNamespaces of the chart names other namespaces. No service acts on a session"
          + " outside of them: it gets no status, and its finalizer keeps it.",
      "Add the namespace to the list, or empty the list for all namespaces. Otherwise create the"
          + " session in a namespace of the list.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"
          + " --set-json watchNamespaces=[]"),
  GATE_NOT_READY(
      121,
      "The gate has no ready pod",
      "Its pods do not start, crash, or do not become ready. Nobody can sign in, and the router lets"
          + " no request pass to a desktop whose route asks the gate.",
      "Read the logs of its pods. If a rollout caused it, undo the rollout.",
      "kubectl -n {operator} logs -l app.kubernetes.io/component=gate --tail=50"),
  GATE_PROVIDER(
      122,
      "The gate cannot use its OpenID Connect provider",
      "The provider is down, the pods cannot reach it, its certificate is not trusted, or it names"
          + " another issuer than gate.oidc.issuer. Nobody can sign in; open desktops continue.",
      "Set gate.oidc.issuer to exactly the issuer of the provider's discovery document and"
          + " gate.oidc.caFile to its CA. Check that the pods reach the address.",
      "kubectl -n {operator} logs -l app.kubernetes.io/component=gate --tail=50"),
  GATE_KEYS(
      123,
      "The gate cannot use the Secret with its keys",
      "Its content was changed, or the gate may not read it. A running replica continues with the"
          + " keys that it has; a new one does not become ready.",
      "Restore the Secret from a backup. Without one, delete it: the gate creates new keys within 30"
          + " seconds, and all users must sign in again.",
      "kubectl -n {operator} delete secret {name}"),
  GATE_CLOCK(
      124,
      "The clock of the gate's node differs from the API server's",
      "Tokens of the provider have a period of validity, so they seem expired or not yet valid, and"
          + " sign-ins are refused.",
      "Synchronize the clock of the node with NTP.",
      "kubectl -n {operator} get pods -l app.kubernetes.io/component=gate -o wide"),
  PORTAL_ROUTE(
      125,
      "The portal has no route",
      "The route vdi-gate is missing, names another host than gate.publicUrl, or is not loaded by the"
          + " router. Nobody can sign in.",
      "Upgrade the chart to restore the route. With gate.route.enabled=false, route the host to port"
          + " 8080 of the Service vdi-gate yourself.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  GATE_COOKIES(
      126,
      "Browsers do not keep the cookies of the gate",
      "Their names begin with __Host-: browsers accept them only over https, with Secure and without"
          + " Domain. The portal or the desktop has an http address, or a proxy changes Set-Cookie.",
      "Serve portal and desktops over https, and remove the rule that changes cookies from the"
          + " proxy.",
      "curl -skD- -o /dev/null {name}/signin"),
  GPU_EXHAUSTED(
      201,
      "No GPU is free",
      "All GPUs are in use, or the nodes that have free ones are not eligible.",
      "Suspend a session, add a node, or offer each GPU more often (time slicing).",
      "gpu/configure_gpu_slicing.sh --replicas 8"),
  NO_NODE_FITS(
      202,
      "No node fits the desktop",
      "CPU, memory, nodeSelector, taints or the volume exclude every node. The scheduler's"
          + " message counts the nodes by reason.",
      "Free resources, or request less in the session or its template.",
      "kubectl -n {namespace} describe pod {session}"),
  SLICING_MAP_MISSING(
      203,
      "The time-slicing ConfigMap is missing",
      "The ClusterPolicy names a ConfigMap, or a key in it, that does not exist. The device"
          + " plugin keeps its former configuration, or does not start.",
      "Apply the ConfigMap again.",
      "gpu/configure_gpu_slicing.sh --replicas 8"),
  SLICING_NOT_REFERENCED(
      204,
      "The ClusterPolicy does not reference the time-slicing ConfigMap",
      "Its devicePlugin.config names no ConfigMap, or it has no default and the node has no"
          + " label nvidia.com/device-plugin.config. Each GPU is offered once.",
      "Patch the ClusterPolicy to reference it.",
      "kubectl patch clusterpolicies.nvidia.com/cluster-policy --type merge --patch-file"
          + " gpu/cluster-policy-patch.yaml"),
  SLICING_NOT_IN_EFFECT(
      205,
      "A node does not offer its physical GPUs times the replicas",
      "Its device plugin has not loaded the configuration, or a GPU has failed.",
      "Restart the device plugin.",
      "kubectl -n gpu-operator rollout restart daemonset/nvidia-device-plugin-daemonset"),
  GPU_PRODUCT_LABEL(
      206,
      "The product label of a node does not show that its GPUs are shared",
      "GPU feature discovery has not run since time slicing was enabled. The label lacks the"
          + " suffix -SHARED, so a nodeSelector for the product selects the wrong nodes.",
      "Restart GPU feature discovery.",
      "kubectl -n gpu-operator rollout restart daemonset/gpu-feature-discovery"),
  DEVICE_NOT_ALLOCATED(
      207,
      "The kubelet could not allocate the GPU",
      "The device plugin refused the request or was not running when the pod was admitted"
          + " (UnexpectedAdmissionError). Such a pod never starts.",
      "The controller creates the pod again, with a growing delay of up to 5 minutes. Check the"
          + " device plugin of the node.",
      "kubectl -n gpu-operator get pods -o wide"),
  POD_FAILED(
      208,
      "The desktop's pod has ended",
      "The node evicted it for lack of memory or disk, shut down, or preempted it.",
      "The controller creates the pod again, with a growing delay of up to 5 minutes. If it ends"
          + " again and again, free memory and disk on the node, or use another node.",
      "kubectl -n {namespace} describe vdi {session}"),
  NODE_LOST(
      209,
      "The desktop's node is not ready",
      "The kubelet of the node has stopped reporting: the node is down, overloaded or cut off from"
          + " the network. Kubernetes keeps the pod until the node answers again, because the"
          + " desktop may still run and write its home.",
      "Restart the node, and the session continues. If the node will not return, shut it down and"
          + " taint it as out of service: Kubernetes then removes its pods and detaches their"
          + " volumes, and the controller creates the pod on another node.",
      "kubectl taint node {name} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"),
  NODE_DRAINING(
      210,
      "The desktop's node is being drained",
      "The node is cordoned, or an autoscaler is about to remove it. With drainGrace in the template"
          + " the controller stops the desktop after this time and starts it on another node;"
          + " otherwise it runs until its pod is evicted. The home stays.",
      "Save the work in the desktop, and open it again after it has moved. If the node is to stay in"
          + " use, uncordon it: the desktop then stays.",
      "kubectl uncordon {name}"),
  SESSION_QUOTA(
      211,
      "The operator's quota is used up",
      "The session waits until another session under the same limit ends or is suspended.",
      "Suspend or delete a session, or raise the limit (config.quota).",
      "kubectl vdi quota"),
  NAMESPACE_QUOTA(
      212,
      "The namespace's ResourceQuota is used up",
      "The API server rejects the session's objects.",
      "Delete objects in the namespace, or raise its ResourceQuota.",
      "kubectl -n {namespace} describe resourcequota"),
  POD_SECURITY(
      213,
      "The namespace's Pod Security level forbids the desktop",
      "The pod requests more than the level allows. The message lists the fields.",
      "Set the listed fields in the template's securityContext, or change the level to"
          + " baseline.",
      "kubectl label namespace {namespace} pod-security.kubernetes.io/enforce=baseline --overwrite"),
  DEVICES_UNAVAILABLE(
      214,
      "The cluster does not know the devices of the template",
      "No DeviceClass has the name in gpu.deviceClassName of the template, or the cluster does not"
          + " serve resource.k8s.io/v1, which requires Kubernetes 1.34.",
      "Install the driver of the devices with its DeviceClass, correct the name, or set"
          + " gpu.resourceName in the template instead.",
      "kubectl get deviceclasses"),
  STORAGE_CLASS_MISSING(
      221,
      "The home's storage class does not exist",
      "The PersistentVolumeClaim names a missing class, or no class and the cluster has no"
          + " default.",
      "Create the class, or mark one as the default. A claim keeps its class: if the name is"
          + " wrong, recreate the session.",
      "kubectl get storageclass"),
  VOLUME_NOT_PROVISIONED(
      222,
      "No volume is provisioned for the home",
      "The provisioner of the storage class does not run, or it refuses the claim.",
      "Check the Events of the claim and the log of the provisioner.",
      "kubectl -n {namespace} describe pvc vdi-data-{session}"),
  VOLUME_NOT_MOUNTED(
      223,
      "The node cannot mount the home",
      "The volume is bound to another node, is still attached to one, or its path does not"
          + " exist.",
      "Check the Events of the pod.",
      "kubectl -n {namespace} describe pod {session}"),
  HOME_NOT_WRITABLE(
      224,
      "The desktop cannot write its home",
      "The directory belongs to root with mode 0700, and its volume type (hostPath) does not"
          + " support fsGroup. K3s' local-path creates such volumes without the annotation"
          + " defaultVolumeType: local.",
      "Annotate the storage class and recreate the session: only new volumes have the type"
          + " local.",
      "kubectl annotate storageclass {name} defaultVolumeType=local --overwrite"),
  NETWORK_OPEN(
      225,
      "The cluster does not enforce the NetworkPolicy of the desktops",
      "The network plugin ignores NetworkPolicies, as Flannel does, or another NetworkPolicy of the"
          + " namespace allows more. Desktops then reach each other, the operator and the API"
          + " server, and any pod reaches desktops.",
      "Install a network plugin that enforces NetworkPolicies, such as Calico or Cilium, or add"
          + " kube-network-policies to the present one. Then test again.",
      "kubectl vdi doctor {session} -n {namespace} --probe"),
  IMAGE_NOT_PULLED(
      231,
      "The desktop's image cannot be pulled",
      "Its name is wrong, the registry is unreachable, or pull secrets are missing.",
      "Correct image or imagePullSecrets in the template. The controller then replaces"
          + " the pod. If the image is correct, the kubelet retries.",
      "kubectl edit vditemplate {template}"),
  DESKTOP_CRASHES(
      232,
      "The desktop crashes repeatedly",
      "The last output of the container shows the reason, such as lack of memory (OOMKilled),"
          + " a missing file, or a missing write permission.",
      "Read the log. Increase the memory, or use another image.",
      "kubectl -n {namespace} logs {session} --previous"),

  SELKIES_SILENT(
      301,
      "Selkies does not answer in the desktop",
      "The container runs, but nothing answers on the template's port, or no streaming mode is"
          + " active. Selkies hangs, or uses another port or healthPath.",
      "Suspend and resume the session to restart the desktop. Check port and healthPath in the"
          + " template.",
      "kubectl vdi suspend {session} -n {namespace} --wait && kubectl vdi resume"
          + " {session} -n {namespace} --wait"),
  PASSWORD_REFUSED(
      302,
      "The desktop refuses its own password",
      "The Secret was changed after the desktop had started.",
      "Suspend and resume the session: the desktop reads the Secret when it starts.",
      "kubectl vdi suspend {session} -n {namespace} --wait && kubectl vdi resume"
          + " {session} -n {namespace} --wait"),
  NO_ENDPOINTS(
      303,
      "The session's Service has no endpoints",
      "Its selector or port was changed, so it has no ready endpoint although the desktop is"
          + " ready.",
      "Delete the Service. The controller recreates it.",
      "kubectl -n {namespace} delete service {session}"),
  ROUTE_KIND_NOT_SERVED(
      311,
      "The cluster does not serve the configured kind of route",
      "ingress.kind is traefik, but Traefik's CRDs are not installed, or it is gateway, but those of"
          + " the Gateway API are not installed.",
      "Install them, or set config.ingress.kind to ingress or none.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values --set"
          + " config.ingress.kind=ingress"),
  ROUTE_MISSING(
      312,
      "The session's route is missing, or its host differs from the session's URL",
      "It was deleted or changed manually.",
      "Delete the route. The controller recreates it.",
      "kubectl -n {namespace} delete {name}"),
  ROUTE_ENTRY_POINT(
      313,
      "The router has no such entry point",
      "The route names an entry point that is not in Traefik's static configuration.",
      "Set config.ingress.entryPoints to entry points that it has.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values --set"
          + " config.ingress.entryPoints={websecure}"),
  ROUTE_CERTIFICATE_RESOLVER(
      314,
      "The router has no such certificate resolver",
      "The route names a resolver that is not in Traefik's static configuration, so Traefik"
          + " serves its default certificate.",
      "Set config.tls.certResolver to a resolver that it has, or config.tls.mode to"
          + " routerDefault.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values --set"
          + " config.tls.mode=routerDefault"),
  ROUTE_MIDDLEWARE(
      315,
      "The route names a Middleware that does not exist",
      "Traefik ignores a route whose Middleware is missing.",
      "Create the Middleware, or delete the route: the controller recreates it with the"
          + " Middlewares of the configuration.",
      "kubectl -n {namespace} delete {name}"),
  HOST_NOT_RESOLVED(
      321,
      "The host of the URL has no address",
      "DNS has no record for it.",
      "Create a wildcard record for the domain that points to the router. The option --router"
          + " checks without DNS.",
      "kubectl get service -A -l app.kubernetes.io/name=traefik"),
  ROUTER_UNREACHABLE(
      322,
      "The router does not answer",
      "No process listens at the address of the URL's host, or a firewall blocks the"
          + " connection.",
      "Check the router, its Service and the DNS record.",
      "kubectl get pods -A -l app.kubernetes.io/name=traefik"),
  ROUTER_WITHOUT_ROUTE(
      323,
      "The router answers 404 because it has not loaded the route",
      "It watches other namespaces or another ingress class, a Gateway does not accept the"
          + " HTTPRoute, or the DNS record points to another router.",
      "Check the router's log: it names routes that it ignores.",
      "kubectl -n kube-system logs -l app.kubernetes.io/name=traefik --tail=50"),
  DESKTOP_UNPROTECTED(
      324,
      "The desktop opens without a password",
      "The template disables authentication, or its image has none. Everyone who knows the"
          + " address can use the desktop.",
      "Remove SELKIES_ENABLE_BASIC_AUTH from the template's env, then suspend and resume the"
          + " session.",
      "kubectl edit vditemplate {template}"),
  CERTIFICATE_UNTRUSTED(
      325,
      "The router's certificate is not trusted",
      "It is self-signed, expired, or issued for another name. Browsers show a warning.",
      "Configure a certificate for the domain (docs/install.md). The option"
          + " --certificate-authority trusts your own CA.",
      "kubectl get secret -A --field-selector type=kubernetes.io/tls"),
  WEBSOCKET_BLOCKED(
      326,
      "The router blocks WebSockets",
      "A Middleware or a proxy in front of the router drops the Upgrade header. The page opens"
          + " and stays black.",
      "Remove the Middleware from the route, or configure the proxy to pass upgrades.",
      "kubectl -n {namespace} get {name} -o yaml"),
  GATE_NOT_ATTACHED(
      327,
      "The route of the session does not ask the gate",
      "config.access.mode is gate, but the route or its Middleware was changed manually or is older"
          + " than the setting. The desktop asks for its password, and a sign-in does not open it.",
      "Delete the route. The controller recreates it.",
      "kubectl -n {namespace} delete {name}"),
  TURN_UNREACHABLE(
      331,
      "The TURN server does not answer",
      "It is down, or UDP to its port is blocked. WebRTC works only within the same network.",
      "Check the TURN server, config.turn and the firewall.",
      "kubectl get pods -A -l app.kubernetes.io/component=coturn"),
  TURN_REFUSED(
      332,
      "The TURN server rejects the session's credentials",
      "They are expired, or the TURN server and the controller had different secrets when they"
          + " were created.",
      "Compare the secret of the TURN server with config.turn. Without the annotation with"
          + " their expiry time, the next resume creates new credentials.",
      "kubectl annotate secret vdi-auth-{session} -n {namespace} vdi.kasm.io/turn-expires- &&"
          + " kubectl vdi suspend {session} -n {namespace} --wait && kubectl vdi resume"
          + " {session} -n {namespace} --wait"),
  CLOCKS_APART(
      333,
      "The clocks of this machine and the API server differ",
      "Credentials and certificates have a period of validity, so they seem expired or not yet"
          + " valid.",
      "Synchronize both clocks with NTP.",
      "timedatectl status");

  /** The page that describes all causes. */
  public static final String DOCS = "docs/troubleshooting.md";

  private final int number;
  private final String symptom;
  private final String cause;
  private final String remedy;
  private final String command;

  KnownCause(int number, String symptom, String cause, String remedy, String command) {
    this.number = number;
    this.symptom = symptom;
    this.cause = cause;
    this.remedy = remedy;
    this.command = command;
  }

  /** {@code VDI201}. */
  public String code() {
    return "VDI" + number;
  }

  /** The cause with this code, in upper or lower case; empty when there is none. */
  public static Optional<KnownCause> ofCode(String code) {
    return Arrays.stream(values()).filter(cause -> cause.code().equalsIgnoreCase(code)).findFirst();
  }

  public Layer layer() {
    return number < 200
        ? Layer.CONTROL_PLANE
        : number < 300 ? Layer.INFRASTRUCTURE : Layer.DATA_PLANE;
  }

  /** What the user observes, without a full stop. */
  public String symptom() {
    return symptom;
  }

  /** Why it occurs, in one to three sentences. */
  public String cause() {
    return cause;
  }

  /** How to fix it, in one to three sentences. */
  public String remedy() {
    return remedy;
  }

  /** The command that fixes it or shows more, with placeholders in braces. */
  public String command() {
    return command;
  }

  /**
   * The command with the placeholders replaced. A placeholder without a value stays, in angle
   * brackets.
   */
  public String command(Map<String, String> values) {
    String text = command;
    for (Map.Entry<String, String> value : values.entrySet()) {
      text = text.replace("{" + value.getKey() + "}", value.getValue());
    }
    return text.replaceAll("\\{(session|namespace|template|operator|name)}", "<$1>");
  }

  /** Whether sessions still work, at least for the present or for most users. */
  public boolean isWarning() {
    return switch (this) {
      case CRDS_OUTDATED,
          GPU_PRODUCT_LABEL,
          NODE_DRAINING,
          GATE_CLOCK,
          NETWORK_OPEN,
          ROUTE_CERTIFICATE_RESOLVER,
          CERTIFICATE_UNTRUSTED,
          CLOCKS_APART ->
          true;
      default -> false;
    };
  }

  /** The page and anchor that describe it. */
  public String link() {
    return DOCS + "#" + code().toLowerCase(Locale.ROOT);
  }

  /** {@code [VDI201]}, which the controller appends to messages. */
  public String tag() {
    return "[" + code() + "]";
  }

  /** The cause whose tag a message ends with; empty when it ends with none. */
  public static Optional<KnownCause> ofTag(String message) {
    return Arrays.stream(values()).filter(cause -> message.endsWith(cause.tag())).findFirst();
  }
}
