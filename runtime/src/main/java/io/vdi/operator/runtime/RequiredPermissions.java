package io.vdi.operator.runtime;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process may do in the cluster, asked of the cluster itself (SelfSubjectAccessReview).
 */
public final class RequiredPermissions {
  private static final Logger LOG = LoggerFactory.getLogger(RequiredPermissions.class);

  private RequiredPermissions() {}

  /** One verb on one kind; {@code namespace} is empty for all of them. */
  public record RequiredPermission(
      String verb, ResourceType<?> kind, String subresource, String namespace) {
    public static List<RequiredPermission> of(ResourceType<?> kind, String... verbs) {
      List<RequiredPermission> needs = new ArrayList<>();
      for (String verb : verbs) {
        needs.add(new RequiredPermission(verb, kind, "", ""));
      }
      return needs;
    }

    /**
     * {@code create pods}, {@code patch vdisessions.vdi.kasm.io/status in namespace vdi-system}.
     */
    @Override
    public String toString() {
      return verb
          + " "
          + kind.qualifiedName()
          + (subresource.isEmpty() ? "" : "/" + subresource)
          + (namespace.isEmpty() ? "" : " in namespace " + namespace);
    }
  }

  /**
   * The needs that the cluster would refuse, in their order. An answer of no kind at all counts as
   * a yes.
   */
  public static List<RequiredPermission> missing(KubeClient api, List<RequiredPermission> needs) {
    return needs.parallelStream().filter(need -> isRefused(api, need)).toList();
  }

  /**
   * Names each missing right once. What needs it fails with the API server's words when its time
   * comes.
   *
   * @param role where to grant it, for the message
   */
  public static void report(KubeClient api, List<RequiredPermission> needs, String role) {
    for (RequiredPermission need : missing(api, needs)) {
      LOG.warn("RBAC: this service may not {}: grant it in {}", need, role);
    }
  }

  private static boolean isRefused(KubeClient api, RequiredPermission need) {
    JsonObject attributes = new JsonObject();
    attributes.addProperty("verb", need.verb());
    attributes.addProperty("group", need.kind().group());
    attributes.addProperty("resource", need.kind().plural());
    attributes.addProperty("subresource", need.subresource());
    attributes.addProperty("namespace", need.namespace());
    JsonObject spec = new JsonObject();
    spec.add("resourceAttributes", attributes);
    JsonObject review = new JsonObject();
    review.addProperty("apiVersion", "authorization.k8s.io/v1");
    review.addProperty("kind", "SelfSubjectAccessReview");
    review.add("spec", spec);
    return api.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        .ok()
        .map(answer -> answer.getAsJsonObject("status"))
        .filter(status -> !status.get("allowed").getAsBoolean())
        .isPresent();
  }
}
