package io.vdi.operator.e2e.node;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Optional;

/** Reads the credentials of a session's desktop from the API server. */
public final class SessionCredentials {
  private SessionCredentials() {}

  /**
   * Returns the user name and password that the desktop requires.
   *
   * @throws java.util.NoSuchElementException if the session's Secret has no password yet
   */
  public static DesktopCredentials read(KubeClient api, String namespace, String name) {
    VdiSession session = api.get(ResourceType.SESSION, namespace, name).orElseThrow();
    Optional<VdiTemplate> template =
        api.get(ResourceType.TEMPLATE, "", session.spec().template()).ok();
    JsonObject secret =
        api.request("GET", ResourceType.SECRET.path(namespace, ResourceNames.secret(name)), null)
            .orElseThrow();
    return DesktopCredentials.of(template, secret).orElseThrow();
  }
}
