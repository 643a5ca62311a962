package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The content of a kubeconfig file with one cluster and one user, as {@link
 * ClusterCertificateAuthority#kubeconfig} and K3s write it.
 */
public record Kubeconfig(JsonObject content) {
  public static Kubeconfig read(Path file) {
    try {
      return new Kubeconfig(Manifests.parse(Files.readString(file)).getFirst());
    } catch (IOException e) {
      throw new ClusterException("cannot read " + file, e);
    }
  }

  /** The URL of the API server. */
  public URI server() {
    return URI.create(first("clusters").getAsJsonObject("cluster").get("server").getAsString());
  }

  /** The same kubeconfig as JSON, for a user with this token. */
  String withToken(String token) {
    JsonObject user = new JsonObject();
    user.addProperty("token", token);
    Kubeconfig copy = new Kubeconfig(content.deepCopy());
    copy.first("users").add("user", user);
    return copy.content().toString();
  }

  private JsonObject first(String list) {
    return content.getAsJsonArray(list).get(0).getAsJsonObject();
  }
}
