package io.vdi.operator.e2e.browser;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.model.Names;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What a desktop asks for before it shows anything. */
public record Account(String user, String password) {
  /** The one that the operator made for a session. */
  public static Account of(KubeApi api, String namespace, String session) {
    JsonObject secret =
        api.raw("GET", Kind.SECRET.path(namespace, Names.secret(session)), null).orElseThrow();
    String encoded = secret.getAsJsonObject("data").get(Names.PASSWORD_KEY).getAsString();
    return new Account(
        Names.DESKTOP_USER,
        new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8));
  }
}
