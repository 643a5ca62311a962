package io.vdi.operator.e2e.browser;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What a desktop asks for before it shows anything. */
public record Account(String user, String password) {
  /** The one that the operator made for a session. */
  public static Account of(KubeClient api, String namespace, String session) {
    JsonObject secret =
        api.request("GET", ResourceType.SECRET.path(namespace, ResourceNames.secret(session)), null)
            .orElseThrow();
    String encoded =
        secret.getAsJsonObject("data").get(DesktopCredentials.PASSWORD_KEY).getAsString();
    return new Account(
        DesktopCredentials.DEFAULT_USER,
        new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8));
  }
}
