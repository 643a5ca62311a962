package io.vdi.operator.common.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A kind of desktop that administrators offer; docs/specification.md, section 1. Components of
 * {@link Spec} are null when they are not set. Fields that are copied into the pod (tolerations,
 * securityContext, podTemplate), or into a NetworkPolicy (network), are JSON, so that every field
 * of the cluster's Kubernetes version works.
 */
public record VdiTemplate(ObjectMeta metadata, Spec spec, Status status) implements KubeObject {
  public VdiTemplate {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? Spec.EMPTY : spec;
    status = status == null ? new Status(0) : status;
  }

  public record Spec(
      String image,
      String displayName,
      String description,
      String icon,
      Resources resources,
      Flavor flavor,
      Custom custom,
      List<EnvVar> env,
      String timeout,
      String maxTimeout,
      String idleTimeout,
      String maxIdleTimeout,
      IdleAction idleAction,
      IdleOn idleOn,
      String deleteAfterSuspended,
      Busy busy,
      Persistence persistence,
      String encoder,
      Integer port,
      String homePath,
      String healthPath,
      Transport transport,
      String imagePullPolicy,
      List<NameRef> imagePullSecrets,
      String runtimeClassName,
      Map<String, String> nodeSelector,
      JsonArray tolerations,
      JsonObject securityContext,
      Gpu gpu,
      PodTemplate podTemplate,
      Network network,
      String startupTimeout,
      String drainGrace,
      List<ScheduleWindow> schedule,
      List<String> allowedUsers,
      List<String> allowedGroups) {
    public static final Spec EMPTY =
        new Spec(
            null, null, null, null, null, null, null, null, null, null, null, null, null, null,
            null, null, null, null, null, null, null, null, null, null, null, null, null, null,
            null, null, null, null, null, null, null, null);

    public Spec {
      image = image == null ? "" : image;
      resources =
          resources == null
              ? new Resources(null, null, null, null, null, null, null, null)
              : resources;
      icon = icon == null ? "" : icon;
      gpu = gpu == null ? new Gpu(null, null, null, null) : gpu;
      podTemplate = podTemplate == null ? new PodTemplate(null, null) : podTemplate;
      env = env == null ? List.of() : env;
      idleOn = idleOn == null ? IdleOn.DISCONNECT : idleOn;
      busy = busy == null ? new Busy(null, null) : busy;
      persistence = persistence == null ? new Persistence(null, null, null, null) : persistence;
      encoder = encoder == null || encoder.isEmpty() ? "nvh264enc" : encoder;
      flavor = flavor == null ? Flavor.SELKIES : flavor;
      custom = custom == null ? Custom.NONE : custom;
      DesktopServer server = DesktopServer.of(flavor, custom);
      port = port == null || flavor == Flavor.CUSTOM ? server.port() : port;
      homePath = homePath == null || homePath.isEmpty() ? server.homePath() : homePath;
      healthPath =
          switch (flavor) {
            case SELKIES -> healthPath == null ? "" : healthPath;
            // They ask for the password on every path, and a probe has none.
            case SELKIES1, LINUXSERVER, KASMVNC -> "";
            case CUSTOM -> custom.healthPath();
          };
      transport =
          switch (server.streaming()) {
            case SELECTABLE -> transport;
            case WEBRTC -> Transport.WEBRTC;
            case OWN -> null;
          };
      imagePullSecrets = imagePullSecrets == null ? List.of() : imagePullSecrets;
      nodeSelector = nodeSelector == null ? Map.of() : nodeSelector;
      tolerations = tolerations == null ? new JsonArray() : tolerations;
      securityContext = securityContext == null ? new JsonObject() : securityContext;
      network = network == null ? new Network(null, null) : network;
      schedule = schedule == null ? List.of() : schedule;
      allowedUsers = allowedUsers == null ? List.of() : allowedUsers;
      allowedGroups = allowedGroups == null ? List.of() : allowedGroups;
    }

    /** The server in the image; {@link #port} and {@link #homePath} replace those of its flavor. */
    public DesktopServer server() {
      return DesktopServer.of(flavor, custom);
    }
  }

  /**
   * The server of an image without a flavor; docs/flavors.md.
   *
   * @param port on which it listens
   * @param user that it asks for; empty: ubuntu
   * @param userEnv the variable that gives it the user name; empty: it has none
   * @param passwordEnv the variable that gives it the password
   * @param healthPath answers 200 without a password while it works; empty: a TCP check
   */
  public record Custom(
      Integer port,
      Scheme scheme,
      String user,
      String userEnv,
      String passwordEnv,
      String healthPath) {
    static final Custom NONE = new Custom(null, null, null, null, null, null);

    public Custom {
      port = port == null ? 8080 : port;
      scheme = scheme == null ? Scheme.HTTP : scheme;
      user = user == null ? "" : user;
      userEnv = userEnv == null ? "" : userEnv;
      passwordEnv = passwordEnv == null ? "" : passwordEnv;
      healthPath = healthPath == null ? "" : healthPath;
    }
  }

  public record Resources(
      Integer defaultGPU,
      String defaultMemory,
      String defaultCPU,
      Integer maxGPU,
      String maxMemory,
      String maxCPU,
      Requests requests,
      String ephemeralStorage) {
    public Resources {
      requests = requests == null ? new Requests(null, null) : requests;
    }
  }

  /**
   * Above which usage a desktop that no client uses is not idle; null: the resource does not count.
   *
   * @param cpuAbove a quantity, in cores
   * @param gpuAbove in percent of one GPU
   */
  public record Busy(String cpuAbove, Integer gpuAbove) {
    /** Whether only clients count. */
    public boolean isEmpty() {
      return cpuAbove == null && gpuAbove == null;
    }
  }

  /** What the scheduler reserves for a desktop; null: as much as its limit. */
  public record Requests(String cpu, String memory) {}

  /**
   * The fields as the API has them; {@link #request} is what they mean.
   *
   * @param resourceName the extended resource of the node of which a desktop gets GPUs
   * @param deviceClassName the DeviceClass of which it gets devices instead
   * @param selectors of devices of this class
   */
  public record Gpu(
      String resourceName,
      String deviceClassName,
      List<String> selectors,
      DeviceConfig deviceConfig) {
    private static final String DEFAULT_RESOURCE = "nvidia.com/gpu";

    public Gpu {
      resourceName = resourceName == null ? "" : resourceName;
      deviceClassName = deviceClassName == null ? "" : deviceClassName;
      selectors = selectors == null ? List.of() : selectors;
    }

    /** What desktops request. With both names, which the schema refuses, the DeviceClass. */
    public GpuRequest request() {
      return deviceClassName.isEmpty()
          ? new GpuRequest.ExtendedResource(
              resourceName.isEmpty() ? DEFAULT_RESOURCE : resourceName)
          : new GpuRequest.DeviceClass(
              deviceClassName,
              selectors,
              Optional.ofNullable(deviceConfig)
                  .map(config -> new GpuRequest.DriverConfig(config.driver, config.parameters)));
    }

    /** What is wrong with fields that are older than the schema, which refuses it. */
    public List<String> problems() {
      boolean both = !resourceName.isEmpty() && !deviceClassName.isEmpty();
      boolean orphaned =
          deviceClassName.isEmpty() && (!selectors.isEmpty() || deviceConfig != null);
      return both
          ? List.of(
              "gpu.resourceName \"%s\": %s".formatted(resourceName, GPU_NAMES_EXCLUDE_EACH_OTHER))
          : orphaned
              ? List.of("gpu.selectors and gpu.deviceConfig: " + GPU_NEEDS_DEVICE_CLASS)
              : List.of();
    }
  }

  /** Rules of {@link Gpu}, with the way out. */
  public static final String GPU_NAMES_EXCLUDE_EACH_OTHER =
      "cannot be used together with deviceClassName: leave one of them out";

  public static final String GPU_NEEDS_DEVICE_CLASS =
      "needs deviceClassName: set it, or leave this field out";

  public record DeviceConfig(String driver, JsonObject parameters) {
    public DeviceConfig {
      driver = driver == null ? "" : driver;
      parameters = parameters == null ? new JsonObject() : parameters;
    }
  }

  /**
   * What is merged over the operator's pod; see {@link io.vdi.operator.common.pod.StrategicMerge}.
   *
   * @param spec a partial PodSpec
   */
  public record PodTemplate(PodMetadata metadata, JsonObject spec) {
    public PodTemplate {
      metadata = metadata == null ? new PodMetadata(null, null) : metadata;
      spec = spec == null ? new JsonObject() : spec;
    }

    /** Whether the pod stays as the operator builds it. */
    public boolean isEmpty() {
      return metadata.labels().isEmpty() && metadata.annotations().isEmpty() && spec.isEmpty();
    }
  }

  public record PodMetadata(Map<String, String> labels, Map<String, String> annotations) {
    public PodMetadata {
      labels = labels == null ? Map.of() : labels;
      annotations = annotations == null ? Map.of() : annotations;
    }
  }

  public record Persistence(
      String size, String maxSize, String storageClassName, ReclaimPolicy reclaimPolicy) {}

  /**
   * What the NetworkPolicy of the template's desktops allows beyond the operator's configuration.
   *
   * @param ingressFrom a list of Kubernetes' NetworkPolicyPeer
   * @param egress a list of Kubernetes' NetworkPolicyEgressRule
   */
  public record Network(JsonArray ingressFrom, JsonArray egress) {
    public Network {
      ingressFrom = ingressFrom == null ? new JsonArray() : ingressFrom;
      egress = egress == null ? new JsonArray() : egress;
    }
  }

  /**
   * @param valueFrom null: the variable has the value
   */
  public record EnvVar(String name, String value, ValueFrom valueFrom) {
    public EnvVar {
      name = name == null ? "" : name;
      value = value == null ? "" : value;
    }
  }

  /** A key of a Secret or of a ConfigMap in the namespace of the session; one of them is null. */
  public record ValueFrom(KeyRef secretKeyRef, KeyRef configMapKeyRef) {}

  /**
   * @param optional whether the desktop starts without the key; null: it does not
   */
  public record KeyRef(String name, String key, Boolean optional) {}

  public record NameRef(String name) {}

  public record Status(int sessions) {}
}
