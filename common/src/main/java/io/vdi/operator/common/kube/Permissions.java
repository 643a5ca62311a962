package io.vdi.operator.common.kube;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process may do in the cluster, asked of the cluster itself (SelfSubjectAccessReview).
 */
public final class Permissions {
  private static final Logger LOG = LoggerFactory.getLogger(Permissions.class);

  private Permissions() {}

  /** One verb on one kind; {@code namespace} is empty for all of them. */
  public record Need(String verb, Kind<?> kind, String subresource, String namespace) {
    public static List<Need> of(Kind<?> kind, String... verbs) {
      List<Need> needs = new ArrayList<>();
      for (String verb : verbs) {
        needs.add(new Need(verb, kind, "", ""));
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
          + kind.fullName()
          + (subresource.isEmpty() ? "" : "/" + subresource)
          + (namespace.isEmpty() ? "" : " in namespace " + namespace);
    }
  }

  /**
   * The needs that the cluster would refuse, in their order. An answer of no kind at all counts as
   * a yes.
   */
  public static List<Need> missing(KubeApi api, List<Need> needs) {
    return needs.parallelStream().filter(need -> isRefused(api, need)).toList();
  }

  /**
   * Names each missing right once. What needs it fails with the API server's words when its time
   * comes.
   *
   * @param role where to grant it, for the message
   */
  public static void report(KubeApi api, List<Need> needs, String role) {
    for (Need need : missing(api, needs)) {
      LOG.warn("RBAC: this service may not {}: grant it in {}", need, role);
    }
  }

  private static boolean isRefused(KubeApi api, Need need) {
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
    return api.raw("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        .ok()
        .map(answer -> answer.getAsJsonObject("status"))
        .filter(status -> !status.get("allowed").getAsBoolean())
        .isPresent();
  }
}
