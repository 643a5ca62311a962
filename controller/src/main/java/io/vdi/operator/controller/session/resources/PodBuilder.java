package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1EmptyDirVolumeSource;
import io.kubernetes.client.openapi.models.V1HTTPGetAction;
import io.kubernetes.client.openapi.models.V1KeyToPath;
import io.kubernetes.client.openapi.models.V1LocalObjectReference;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaimVolumeSource;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Probe;
import io.kubernetes.client.openapi.models.V1ResourceRequirements;
import io.kubernetes.client.openapi.models.V1SecretVolumeSource;
import io.kubernetes.client.openapi.models.V1TCPSocketAction;
import io.kubernetes.client.openapi.models.V1Volume;
import io.kubernetes.client.openapi.models.V1VolumeMount;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.pod.PodClaims;
import io.vdi.operator.common.pod.PodTemplateRules;
import io.vdi.operator.common.pod.StrategicMerge;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Builds the pod of the desktop: one container, and its volumes. */
final class PodBuilder {
  private static final String TURN = "turn";
  private static final String EPHEMERAL_STORAGE = "ephemeral-storage";

  /**
   * What the scheduler reserves on the disk of the node, unless the limit is lower. Most desktops
   * write only into their home, so reserving the whole limit would leave nodes half empty.
   */
  private static final String REQUESTED_STORAGE = "1Gi";

  private static final BigDecimal MEBI = BigDecimal.valueOf(1 << 20);
  private static final BigDecimal MAX_SHM_MEBI = BigDecimal.valueOf(2048);

  /**
   * Fields of a template's securityContext that belong to the pod; all others belong to the
   * container.
   */
  private static final Set<String> POD_LEVEL =
      Set.of(
          "fsGroup",
          "fsGroupChangePolicy",
          "supplementalGroups",
          "supplementalGroupsPolicy",
          "seLinuxChangePolicy",
          "sysctls");

  private PodBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    VdiTemplate.Spec template = resolved.template();
    V1ObjectMeta metadata =
        ChildMetadata.metadata(resolved.session(), resolved.name())
            .putLabelsItem(Labels.TEMPLATE, Labels.valueOf(resolved.session().spec().template()));
    template.podTemplate().metadata().labels().forEach(metadata::putLabelsItem);
    template.podTemplate().metadata().annotations().forEach(metadata::putAnnotationsItem);
    JsonObject spec =
        ChildMetadata.json(
            new V1PodSpec()
                .restartPolicy("Always")
                .automountServiceAccountToken(false)
                .enableServiceLinks(false)
                .runtimeClassName(template.runtimeClassName())
                .nodeSelector(template.nodeSelector())
                .imagePullSecrets(
                    template.imagePullSecrets().stream()
                        .map(ref -> new V1LocalObjectReference().name(ref.name()))
                        .toList())
                .containers(List.of(container(resolved)))
                .volumes(volumes(resolved)));
    JsonObject body = ChildMetadata.object(ResourceType.POD, metadata, spec);
    if (!template.tolerations().isEmpty()) {
      spec.add("tolerations", template.tolerations().deepCopy());
    }
    addSecurity(spec, template.securityContext());
    resolved.devices().ifPresent(devices -> addClaim(body, resolved));
    body.add("spec", StrategicMerge.podSpec(spec, template.podTemplate().spec()));
    return DesiredObject.unchangeable(
        ChildKind.POD,
        ResourceType.POD,
        resolved.name(),
        body,
        ChildMetadata.metadataPatch(metadata));
  }

  /**
   * The claim of the GPUs. The annotations make the pod differ when its claim would: the claim of a
   * pod never changes.
   */
  private static void addClaim(JsonObject pod, ResolvedSession resolved) {
    JsonObject annotations = pod.getAsJsonObject("metadata").getAsJsonObject("annotations");
    annotations.addProperty(Annotations.CLAIMED_GPUS, String.valueOf(resolved.spec().gpu()));
    annotations.addProperty(Annotations.CLAIM_HASH, GpuClaimBuilder.of(resolved).hash());
    JsonObject spec = pod.getAsJsonObject("spec");
    spec.add("resourceClaims", PodClaims.ofPod(ChildKind.GPU_CLAIM.nameFor(resolved.name())));
    spec.getAsJsonArray("containers")
        .get(0)
        .getAsJsonObject()
        .getAsJsonObject("resources")
        .add("claims", PodClaims.ofContainer());
  }

  private static V1Container container(ResolvedSession resolved) {
    VdiTemplate.Spec template = resolved.template();
    Map<String, Quantity> limits = new HashMap<>();
    limits.put("memory", new Quantity(resolved.spec().memory()));
    limits.put("cpu", new Quantity(resolved.spec().cpu()));
    limits.put(EPHEMERAL_STORAGE, new Quantity(resolved.spec().ephemeralStorage()));
    if (resolved.spec().gpu() > 0
        && template.gpu().request() instanceof GpuRequest.ExtendedResource(String resource)) {
      limits.put(resource, new Quantity(String.valueOf(resolved.spec().gpu())));
    }
    long startup = Math.max(1, resolved.spec().startupTimeout().toSeconds());
    return new V1Container()
        .name(Pod.DESKTOP)
        .image(template.image())
        .imagePullPolicy(template.imagePullPolicy())
        // The last lines of its log are copied to its status, from which the cause is derived.
        .terminationMessagePolicy("FallbackToLogsOnError")
        .env(PodEnvironment.of(resolved))
        .ports(List.of(new V1ContainerPort().name("http").containerPort(template.port())))
        .resources(new V1ResourceRequirements().limits(limits).requests(requests(resolved)))
        .volumeMounts(volumeMounts(resolved))
        // Every second, the shortest period of Kubernetes: a user waits for the next probe.
        .startupProbe(
            probe(template)
                .periodSeconds(1)
                .failureThreshold((int) Math.min(startup, Integer.MAX_VALUE)))
        .readinessProbe(probe(template).periodSeconds(5).failureThreshold(3))
        .livenessProbe(probe(template).periodSeconds(15).failureThreshold(4).timeoutSeconds(5));
  }

  /** Kubernetes requests as much as the limit where nothing is requested. */
  private static Map<String, Quantity> requests(ResolvedSession resolved) {
    VdiTemplate.Requests template = resolved.template().resources().requests();
    Map<String, Quantity> requests = new HashMap<>();
    requests.put(EPHEMERAL_STORAGE, atMost(resolved.spec().ephemeralStorage(), REQUESTED_STORAGE));
    Quantities.parse(template.cpu())
        .ifPresent(cpu -> requests.put("cpu", atMost(resolved.spec().cpu(), template.cpu())));
    Quantities.parse(template.memory())
        .ifPresent(
            memory -> requests.put("memory", atMost(resolved.spec().memory(), template.memory())));
    return requests;
  }

  private static Quantity atMost(String limit, String requested) {
    return new Quantity(Quantities.isLarger(requested, limit) ? limit : requested);
  }

  private static V1Probe probe(VdiTemplate.Spec template) {
    IntOrString port = new IntOrString("http");
    return template.healthPath().isEmpty()
        ? new V1Probe().tcpSocket(new V1TCPSocketAction().port(port))
        : new V1Probe()
            .httpGet(
                new V1HTTPGetAction()
                    .path(template.healthPath())
                    .port(port)
                    .scheme(
                        switch (template.server().scheme()) {
                          case HTTP -> null;
                          // The kubelet does not verify the certificate.
                          case HTTPS -> "HTTPS";
                        }));
  }

  private static List<V1Volume> volumes(ResolvedSession resolved) {
    List<V1Volume> volumes = new ArrayList<>(List.of(home(resolved), sharedMemory(resolved)));
    if (usesRelay(resolved)) {
      volumes.add(turnCredentials(resolved));
    }
    return volumes;
  }

  private static List<V1VolumeMount> volumeMounts(ResolvedSession resolved) {
    List<V1VolumeMount> mounts =
        new ArrayList<>(
            List.of(
                new V1VolumeMount().name("home").mountPath(resolved.template().homePath()),
                new V1VolumeMount().name("shm").mountPath(PodTemplateRules.SHARED_MEMORY)));
    if (usesRelay(resolved)) {
      mounts.add(
          new V1VolumeMount()
              .name(TURN)
              .mountPath(PodTemplateRules.TURN_CREDENTIALS)
              .readOnly(true));
    }
    return mounts;
  }

  private static boolean usesRelay(ResolvedSession resolved) {
    return resolved.usesWebRtc() && resolved.config().turn().isPresent();
  }

  /**
   * The TURN credentials as files, beside the environment variables: the controller renews the
   * Secret while the desktop runs, and the kubelet updates files, but not the environment. A
   * desktop that reads only its environment has expired credentials after a day.
   */
  private static V1Volume turnCredentials(ResolvedSession resolved) {
    return new V1Volume()
        .name(TURN)
        .secret(
            new V1SecretVolumeSource()
                .secretName(ChildKind.SECRET.nameFor(resolved.name()))
                .items(
                    Stream.of(SessionConfig.Turn.USERNAME_KEY, SessionConfig.Turn.PASSWORD_KEY)
                        .map(key -> new V1KeyToPath().key(key).path(key))
                        .toList()));
  }

  private static V1Volume home(ResolvedSession resolved) {
    V1Volume home = new V1Volume().name("home");
    return resolved.spec().persistent()
        ? home.persistentVolumeClaim(
            new V1PersistentVolumeClaimVolumeSource()
                .claimName(ChildKind.HOME.nameFor(resolved.name())))
        : home.emptyDir(
            new V1EmptyDirVolumeSource()
                .sizeLimit(new Quantity(resolved.spec().ephemeralStorage())));
  }

  /** A quarter of the session's memory, because it counts towards its limit, at most 2 GiB. */
  private static V1Volume sharedMemory(ResolvedSession resolved) {
    BigDecimal mebi =
        Quantities.parse(resolved.spec().memory())
            .orElseThrow()
            .divide(BigDecimal.valueOf(4), RoundingMode.DOWN)
            .divide(MEBI, 0, RoundingMode.DOWN)
            .max(BigDecimal.ONE)
            .min(MAX_SHM_MEBI);
    return new V1Volume()
        .name("shm")
        .emptyDir(
            new V1EmptyDirVolumeSource()
                .medium("Memory")
                .sizeLimit(new Quantity(mebi.toPlainString() + "Mi")));
  }

  /** The strictest settings that a desktop works with; each field of the template replaces one. */
  private static void addSecurity(JsonObject spec, JsonObject template) {
    JsonObject pod =
        ChildMetadata.json(
            Map.of(
                // The user of the image is in this group, and the home belongs to it.
                "fsGroup",
                1000,
                "fsGroupChangePolicy",
                "OnRootMismatch",
                "seccompProfile",
                Map.of("type", "RuntimeDefault")));
    JsonObject container =
        ChildMetadata.json(
            Map.of(
                "allowPrivilegeEscalation", false, "capabilities", Map.of("drop", List.of("ALL"))));
    for (Map.Entry<String, JsonElement> field : template.entrySet()) {
      JsonObject target = POD_LEVEL.contains(field.getKey()) ? pod : container;
      target.add(field.getKey(), field.getValue().deepCopy());
    }
    spec.add("securityContext", pod);
    spec.getAsJsonArray("containers").get(0).getAsJsonObject().add("securityContext", container);
  }
}
