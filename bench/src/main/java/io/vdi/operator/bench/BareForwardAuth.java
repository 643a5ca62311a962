package io.vdi.operator.bench;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.util.Map;
import java.util.Optional;

/**
 * A forward authentication that allows everything: it measures what HTTP and the answer cost. It
 * runs in its own process with the JVM flags of the services.
 */
public final class BareForwardAuth {
  static final String PORT = "BENCH_PORT";

  private BareForwardAuth() {}

  /** Starts the servers; they run until the process is killed. */
  public static void main(String[] args) throws InvalidConfigException {
    Map<String, String> env = System.getenv();
    WebServer.builder()
        .host("127.0.0.1")
        .port(Integer.parseInt(env.get(PORT)))
        .shutdownHook(false)
        .routing(routing ->
            routing.get(
                "/forward-auth",
                (request, response) -> {
                  response.headers().set(HeaderNames.AUTHORIZATION, "Basic dWJ1bnR1OnBhc3N3b3Jk");
                  response.send();
                }))
        .build()
        .start();
    ObserveServer.start(
        "127.0.0.1",
        Integer.parseInt(env.get("vdiConfig_SERVER_PORT")),
        new ObserveServer.HealthSources(Optional::empty, Optional::empty, Optional::empty),
        ObserveServer.meters(),
        routing -> {});
  }
}
