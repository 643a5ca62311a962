package io.vdi.operator.runtime;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.RequiredPermission;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The permissions that a service needs. The chart's roles, which are in the service's jar, are the
 * only list of them. At its start the service asks the API server for each
 * (SelfSubjectAccessReview) and logs those that are missing; the calls that need one fail later
 * with the API server's message.
 */
public final class RequiredPermissions {
  private static final Logger LOG = LoggerFactory.getLogger(RequiredPermissions.class);

  private RequiredPermissions() {}

  /**
   * The permissions of the chart's roles for a service.
   *
   * @param service such as {@code controller}
   * @param namespace the operator's
   * @param watched the namespaces with sessions
   */
  public static List<RequiredPermission> of(
      String service, String namespace, WatchedNamespaces watched) {
    return RequiredPermission.ofService(rules(service), namespace, watched);
  }

  /** Logs each missing permission once. */
  public static void report(KubeClient api, List<RequiredPermission> needed, String role) {
    missing(api, needed)
        .forEach(permission ->
            LOG.warn("RBAC: this service may not {}: grant it in {}", permission, role));
  }

  /** Those that the API server denies, in their order. One that gets no answer is not missing. */
  public static List<RequiredPermission> missing(KubeClient api, List<RequiredPermission> needed) {
    return needed.parallelStream().filter(permission -> isDenied(api, permission)).toList();
  }

  private static JsonObject rules(String service) {
    Map<String, Object> rules =
        new Yaml(new SafeConstructor(new LoaderOptions())).load(read(service + ".yaml"));
    return KubeGson.gson().toJsonTree(rules).getAsJsonObject();
  }

  private static String read(String file) {
    try (InputStream in = RequiredPermissions.class.getResourceAsStream("/roles/" + file)) {
      if (in == null) {
        throw new IllegalStateException("the jar has no roles/" + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read roles/" + file + " in the jar", e);
    }
  }

  private static boolean isDenied(KubeClient api, RequiredPermission permission) {
    JsonObject spec = new JsonObject();
    spec.add("resourceAttributes", permission.resourceAttributes());
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
