package io.vdi.operator.common.diagnosis;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that is known to go wrong, by a code that never changes its meaning: {@code VDI1xx}
 * control plane, {@code VDI2xx} infrastructure, {@code VDI3xx} data plane. Words in braces in a
 * remedy stand for what is concerned: {@code {session}}, {@code {namespace}}, {@code {template}},
 * {@code {operator}} (the operator's namespace), {@code {name}} (the object that was looked at).
 */
public enum KnownCause {
  API_UNREACHABLE(
      101,
      "The API server does not answer",
      "It is down, or the kubeconfig names another address, another authority or an account that is"
          + " no longer valid.",
      "Check the cluster and the current context.",
      "kubectl cluster-info"),
  NOT_INSTALLED(
      102,
      "The operator is not installed",
      "The CRDs of vdi.kasm.io or a Deployment of the operator are missing.",
      "Install the chart; docs/install.md says how.",
      "helm upgrade --install vdi-operator charts/vdi-operator -n {operator} --create-namespace"),
  CRDS_OUTDATED(
      103,
      "The CRDs are older than this plugin",
      "The schema that the API server uses lacks fields, so it drops them without a word.",
      "Upgrade the chart: it upgrades the CRDs too, unless crds.install is false.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  SERVICE_STOPPED(
      104,
      "A service of the operator is scaled to nothing",
      "Its Deployment asks for no pods: without the controller nothing is made, without the webhook"
          + " no session can be applied, without the reaper none ends.",
      "Give it its pods back.",
      "kubectl -n {operator} scale deployment/{name} --replicas=2"),
  SERVICE_NOT_READY(
      105,
      "A service of the operator has no ready pod",
      "Its pods do not start, crash, or never become ready: a refused setting, a missing image, no"
          + " room on the nodes.",
      "The log of its pods begins with the reason; a change that caused it can be taken back.",
      "kubectl -n {operator} rollout undo deployment/{name}"),
  NO_LEADER(
      106,
      "A service has pods but no leader",
      "Its Lease is held by none of its pods, or has not been renewed: nobody does the work.",
      "Take the Lease away; a pod that is well takes it anew within seconds.",
      "kubectl -n {operator} delete lease {name}"),
  RIGHTS_MISSING(
      107,
      "A service of the operator lacks a right",
      "Its ClusterRole or Role, or the binding to its service account, is not what the chart brings.",
      "Upgrade the chart: it puts its roles back.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  WEBHOOK_NOT_REGISTERED(
      108,
      "The API server does not ask the admission webhook",
      "Its webhook configurations are missing or match nothing: defaults, rules and quotas are not"
          + " applied, and anybody may make anybody's sessions.",
      "Upgrade the chart: it registers the webhook again.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  WEBHOOK_UNREACHABLE(
      109,
      "The API server does not reach the admission webhook",
      "Its Service has no endpoints, or the network between API server and pods is blocked: no"
          + " session can be applied or changed.",
      "Check that its Service selects its pods, and firewalls and NetworkPolicies for port 8443.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values"),
  WEBHOOK_CERTIFICATE(
      110,
      "The admission webhook's certificate is not accepted",
      "It has expired, is for another name, or is not of the authority in caBundle.",
      "With its own authority the webhook makes a new one when its Secret goes; with cert-manager see"
          + " its Certificate.",
      "kubectl -n {operator} delete secret vdi-admission-webhook-tls"),
  RECONCILE_ERRORS(
      111,
      "The controller cannot do what it wants to",
      "Passes over sessions fail with errors that it takes for passing ones, and it tries again.",
      "Its log names session and error.",
      "kubectl -n {operator} logs -l app.kubernetes.io/component=controller --tail=50"),
  TEMPLATE_MISSING(
      112,
      "The session's template does not exist",
      "It was never made, was deleted, or its name is misspelt; a session's template cannot be"
          + " changed.",
      "Apply the template: the session goes on by itself. Or make the session anew.",
      "kubectl get vditemplates"),
  TEMPLATE_INVALID(
      113,
      "The API server finds the desktop's pod invalid",
      "The template asks for something that no pod may have.",
      "Correct the template: the session goes on by itself.",
      "kubectl edit vditemplate {template}"),
  FOREIGN_OBJECT(
      114,
      "An object of the session's name belongs to somebody else",
      "The operator never touches what it has not made.",
      "Remove or rename that object, or give the session another name.",
      "kubectl -n {namespace} delete {name}"),

  GPU_EXHAUSTED(
      201,
      "No GPU is free",
      "All GPUs that the nodes offer are in use, or the nodes that offer them are not eligible.",
      "Suspend a session, add a node, or offer each GPU more often (time slicing).",
      "gpu/configure_gpu_slicing.sh --replicas 8"),
  NO_NODE_FITS(
      202,
      "No node fits the desktop",
      "CPU, memory, nodeSelector, taints or volume keep it off every node; the message of the"
          + " scheduler counts the nodes by reason.",
      "Make room, or ask for less in the session or its template.",
      "kubectl -n {namespace} describe pod {session}"),
  SLICING_MAP_MISSING(
      203,
      "The time-slicing ConfigMap is missing",
      "The ClusterPolicy names a ConfigMap, or a key of it, that is not there: the device plugin goes"
          + " on with what it knew, or does not start.",
      "Apply it again.",
      "gpu/configure_gpu_slicing.sh --replicas 8"),
  SLICING_NOT_REFERENCED(
      204,
      "The ClusterPolicy does not point to the time-slicing ConfigMap",
      "Its devicePlugin.config names none, or has no default and the node no label"
          + " nvidia.com/device-plugin.config: each GPU is offered once.",
      "Let the policy point to it.",
      "kubectl patch clusterpolicies.nvidia.com/cluster-policy --type merge --patch-file"
          + " gpu/cluster-policy-patch.yaml"),
  SLICING_NOT_IN_EFFECT(
      205,
      "A node offers another number of GPUs than its physical ones times replicas",
      "The device plugin on it has not taken up the configuration, or a GPU has failed.",
      "Restart the device plugin.",
      "kubectl -n gpu-operator rollout restart daemonset/nvidia-device-plugin-daemonset"),
  GPU_PRODUCT_LABEL(
      206,
      "A node with shared GPUs does not say so in its product label",
      "GPU feature discovery has not run since time slicing was switched on: its label lacks the"
          + " suffix -SHARED, and who selects by product gets the wrong node.",
      "Restart GPU feature discovery.",
      "kubectl -n gpu-operator rollout restart daemonset/gpu-feature-discovery"),
  DEVICE_NOT_ALLOCATED(
      207,
      "The kubelet could not allocate the GPU",
      "The device plugin refused or had gone when the pod came (UnexpectedAdmissionError); such a pod"
          + " never runs.",
      "Delete the pod once the device plugin is well: the controller makes it anew.",
      "kubectl -n {namespace} delete pod {session}"),
  POD_FAILED(
      208,
      "The desktop's pod has failed for good",
      "The node put it off: eviction for lack of memory or disk, shutdown, preemption.",
      "Delete the pod: the controller makes it anew.",
      "kubectl -n {namespace} delete pod {session}"),
  SESSION_QUOTA(
      211,
      "The operator's quota is used up",
      "The session waits until another one of the same limit ends or is suspended.",
      "Suspend or delete a session, or raise the limit (config.quota).",
      "kubectl vdi quota"),
  NAMESPACE_QUOTA(
      212,
      "The namespace's ResourceQuota is used up",
      "The API server refuses the session's objects.",
      "Make room in the namespace, or raise its quota.",
      "kubectl -n {namespace} describe resourcequota"),
  POD_SECURITY(
      213,
      "The namespace's Pod Security level refuses the desktop",
      "The pod asks for more than the level allows; what exactly is in the message.",
      "Put what is missing into the template's securityContext, or lower the level to baseline.",
      "kubectl label namespace {namespace} pod-security.kubernetes.io/enforce=baseline --overwrite"),
  STORAGE_CLASS_MISSING(
      221,
      "The home's storage class does not exist",
      "The claim names a class that is not there, or none and the cluster has no default.",
      "Make the class, or mark one as default; a claim keeps its class, so make the session anew where"
          + " the name is wrong.",
      "kubectl get storageclass"),
  VOLUME_NOT_PROVISIONED(
      222,
      "No volume is made for the home",
      "The provisioner of the storage class does not run, or refuses.",
      "See the events of the claim and the log of the provisioner.",
      "kubectl -n {namespace} describe pvc vdi-data-{session}"),
  VOLUME_NOT_MOUNTED(
      223,
      "The node cannot mount the home",
      "The volume is on another node, still attached elsewhere, or its path is gone.",
      "See the events of the pod.",
      "kubectl -n {namespace} describe pod {session}"),
  HOME_NOT_WRITABLE(
      224,
      "The desktop cannot write its home",
      "The folder belongs to root with mode 0700, and its kind of volume (hostPath) knows no fsGroup:"
          + " K3s' local-path without annotation defaultVolumeType: local.",
      "Annotate the storage class, and make the session anew: only new volumes are of the kind local.",
      "kubectl annotate storageclass {name} defaultVolumeType=local --overwrite"),
  IMAGE_NOT_PULLED(
      231,
      "The desktop's image cannot be pulled",
      "Its name is wrong, the registry is not reached, or pull secrets are missing.",
      "Correct image or imagePullSecrets of the template; a correct image is tried again by itself.",
      "kubectl edit vditemplate {template}"),
  DESKTOP_CRASHES(
      232,
      "The desktop ends again and again",
      "What the container wrote last tells why: lack of memory (OOMKilled), a missing file, no right to"
          + " write.",
      "Read its last words; give it more memory or another image.",
      "kubectl -n {namespace} logs {session} --previous"),

  SELKIES_SILENT(
      301,
      "Selkies does not answer in the desktop",
      "The container runs, but nothing answers on the template's port, or it streams in no mode:"
          + " hanging, or another port or healthPath.",
      "Suspend and resume starts it anew; check port and healthPath of the template.",
      "kubectl vdi suspend {session} -n {namespace} --wait && kubectl vdi resume"
          + " {session} -n {namespace} --wait"),
  PASSWORD_REFUSED(
      302,
      "The desktop refuses its own password",
      "The Secret was changed after the desktop had started.",
      "Suspend and resume: the desktop reads the Secret at its start.",
      "kubectl vdi suspend {session} -n {namespace} --wait && kubectl vdi resume"
          + " {session} -n {namespace} --wait"),
  NO_ENDPOINTS(
      303,
      "The session's Service leads nowhere",
      "Its selector or port was changed, so that it has no ready endpoint though the desktop is ready.",
      "Delete the Service: the controller makes it anew.",
      "kubectl -n {namespace} delete service {session}"),
  ROUTE_KIND_NOT_SERVED(
      311,
      "The cluster does not know the kind of route",
      "ingress.kind is traefik and Traefik's CRDs are not installed.",
      "Install Traefik, or set config.ingress.kind to ingress or none.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values --set"
          + " config.ingress.kind=ingress"),
  ROUTE_MISSING(
      312,
      "The session's route is missing or is for another host than its URL",
      "It was deleted or changed by hand.",
      "Delete the route: the controller makes it anew.",
      "kubectl -n {namespace} delete ingressroute {session}"),
  ROUTE_ENTRY_POINT(
      313,
      "The router has no such entry point",
      "The route names an entry point that Traefik was not started with.",
      "Set config.ingress.entryPoints to one that it has.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values --set"
          + " config.ingress.entryPoints={websecure}"),
  ROUTE_CERTIFICATE_RESOLVER(
      314,
      "The router has no such certificate resolver",
      "The route names a resolver that Traefik was not started with, so it serves its default"
          + " certificate.",
      "Set config.tls.certResolver to one that it has, or config.tls.mode to routerDefault.",
      "helm upgrade vdi-operator charts/vdi-operator -n {operator} --reuse-values --set"
          + " config.tls.mode=routerDefault"),
  ROUTE_MIDDLEWARE(
      315,
      "The route names a Middleware that does not exist",
      "Traefik leaves out a route whose Middleware is missing.",
      "Make the Middleware, or delete the route: the controller makes it anew without.",
      "kubectl -n {namespace} delete ingressroute {session}"),
  HOST_NOT_RESOLVED(
      321,
      "The host of the URL has no address",
      "DNS has no record for it.",
      "Make a wildcard record for the domain that points to the router; --router tries without.",
      "kubectl get service -A -l app.kubernetes.io/name=traefik"),
  ROUTER_UNREACHABLE(
      322,
      "The router does not answer",
      "Nothing listens at the address of the URL's host, or a firewall is in between.",
      "Check the router, its Service and the DNS record.",
      "kubectl get pods -A -l app.kubernetes.io/name=traefik"),
  ROUTER_WITHOUT_ROUTE(
      323,
      "The router answers 404: it has not taken up the route",
      "It watches other namespaces or another ingress class, or the record points to another router.",
      "Its log names routes that it leaves out.",
      "kubectl -n kube-system logs -l app.kubernetes.io/name=traefik --tail=50"),
  DESKTOP_UNPROTECTED(
      324,
      "The desktop opens without a password",
      "The template switches authentication off, or its image has none: whoever knows the address has"
          + " the desktop.",
      "Take SELKIES_ENABLE_BASIC_AUTH out of the template's env, and suspend and resume.",
      "kubectl edit vditemplate {template}"),
  CERTIFICATE_UNTRUSTED(
      325,
      "The router's certificate is not trusted",
      "It is self-signed, has expired or is for another name; browsers warn of it.",
      "Give the router a certificate for the domain (docs/install.md); --certificate-authority trusts"
          + " your own authority.",
      "kubectl get secret -A --field-selector type=kubernetes.io/tls"),
  WEBSOCKET_BLOCKED(
      326,
      "WebSockets do not pass the router",
      "A Middleware or a proxy in front of it drops the Upgrade header: the page opens and stays black.",
      "Take the Middleware off the route, or let the proxy pass upgrades.",
      "kubectl -n {namespace} get ingressroute {session} -o yaml"),
  TURN_UNREACHABLE(
      331,
      "The TURN relay does not answer",
      "It is down, or UDP to its port is blocked: WebRTC works in the same network only.",
      "Check the relay, config.turn and the firewall.",
      "kubectl get pods -A -l app.kubernetes.io/component=coturn"),
  TURN_REFUSED(
      332,
      "The TURN relay refuses the session's credentials",
      "They have expired, or relay and controller did not share the same secret when they were made.",
      "Compare the secret of the relay with config.turn; without the annotation that says how long they"
          + " last, the next resume makes new ones.",
      "kubectl annotate secret vdi-auth-{session} -n {namespace} vdi.kasm.io/turn-expires- &&"
          + " kubectl vdi suspend {session} -n {namespace} --wait && kubectl vdi resume"
          + " {session} -n {namespace} --wait"),
  CLOCKS_APART(
      333,
      "The clocks of this machine and the API server differ",
      "Credentials and certificates are good for a time only, and seem expired or not valid yet.",
      "Let both take their time from NTP.",
      "timedatectl status");

  /** Where people read more. */
  public static final String DOCS = "docs/troubleshooting.md";

  private final int number;
  private final String symptom;
  private final String cause;
  private final String remedy;
  private final String command;

  KnownCause(int number, String symptom, String why, String remedy, String command) {
    this.number = number;
    this.symptom = symptom;
    this.cause = why;
    this.remedy = remedy;
    this.command = command;
  }

  /** {@code VDI201}. */
  public String code() {
    return "VDI" + number;
  }

  /** By its code, in any case. */
  public static Optional<KnownCause> ofCode(String code) {
    return Arrays.stream(values()).filter(cause -> cause.code().equalsIgnoreCase(code)).findFirst();
  }

  public Layer layer() {
    return number < 200
        ? Layer.CONTROL_PLANE
        : number < 300 ? Layer.INFRASTRUCTURE : Layer.DATA_PLANE;
  }

  /** What is seen, without a full stop. */
  public String symptom() {
    return symptom;
  }

  /** What is behind it, in one or two sentences. */
  public String cause() {
    return cause;
  }

  /** What to do, in a sentence or two. */
  public String remedy() {
    return remedy;
  }

  /** The command that mends it or shows the way, with words in braces where they are unknown. */
  public String command() {
    return command;
  }

  /**
   * The command with the words in braces replaced by what is known; others are left in angle
   * brackets.
   */
  public String command(Map<String, String> words) {
    String text = command;
    for (Map.Entry<String, String> word : words.entrySet()) {
      text = text.replace("{" + word.getKey() + "}", word.getValue());
    }
    return text.replaceAll("\\{(session|namespace|template|operator|name)}", "<$1>");
  }

  /** Whether the system works all the same, for now or for most. */
  public boolean isWarning() {
    return switch (this) {
      case CRDS_OUTDATED,
          GPU_PRODUCT_LABEL,
          ROUTE_CERTIFICATE_RESOLVER,
          CERTIFICATE_UNTRUSTED,
          CLOCKS_APART ->
          true;
      default -> false;
    };
  }

  /** Where it is described. */
  public String link() {
    return DOCS + "#" + code().toLowerCase(Locale.ROOT);
  }

  /** {@code [VDI201]}, as it stands at the end of a message. */
  public String tag() {
    return "[" + code() + "]";
  }

  /** The cause that a message of a status ends with; empty where it names none. */
  public static Optional<KnownCause> ofTag(String message) {
    return Arrays.stream(values()).filter(cause -> message.endsWith(cause.tag())).findFirst();
  }
}
