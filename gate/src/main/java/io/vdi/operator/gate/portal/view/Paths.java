package io.vdi.operator.gate.portal.view;

import io.vdi.operator.common.model.SessionKey;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** The addresses of the pages. */
public final class Paths {
  public static final String HOME = "/";
  public static final String SESSIONS = "/sessions";
  public static final String HOMES = "/homes";
  public static final String USAGE = "/usage";
  public static final String ADMIN = "/admin";

  private Paths() {}

  /** The page of a session. */
  public static String session(SessionKey key) {
    return SESSIONS + "/" + segment(key.namespace()) + "/" + segment(key.name());
  }

  /** The page on which a desktop is shared. */
  public static String shares(SessionKey key) {
    return session(key) + "/shares";
  }

  /** The page that waits for a desktop and then shows this path of it. */
  public static String opening(SessionKey key, String path) {
    return session(key) + "/open?path=" + segment(path);
  }

  /** The page below which a retained home is deleted. */
  public static String home(SessionKey key) {
    return HOMES + "/" + segment(key.namespace()) + "/" + segment(key.name());
  }

  /** A text as a segment of a path or as a value of a query. */
  public static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
