package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.runtime.ServiceRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Interceptor;
import okhttp3.Request;
import okhttp3.Response;
import okio.Buffer;

/**
 * The controller in a process of its own that ends, as with kill -9, right after its n-th write:
 * the API server has answered, and the controller has not read the answer. {@link #CRASH_AFTER} is
 * n. Only writes that concern the session {@link #CRASH_SESSION} count.
 */
public final class CrashAfterWriteController {
  /** An environment variable: the number of the last write. */
  static final String CRASH_AFTER = "CRASH_AFTER";

  /** An environment variable: the name of the session. */
  static final String CRASH_SESSION = "CRASH_SESSION";

  /** The exit status of a process that SIGKILL ended. */
  private static final int KILLED = 137;

  /** The time between a write that others observe and the end of the process is far shorter. */
  private static final Duration ANSWER = Duration.ofSeconds(1);

  private CrashAfterWriteController() {}

  /**
   * Starts the process.
   *
   * @param settings environment variables of the controller, {@code vdiConfig_…}
   * @param folder for its log
   */
  static ChildProcess start(
      Path kubeconfig, int lastWrite, String session, Map<String, String> settings, Path folder) {
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("KUBECONFIG", kubeconfig.toString());
    environment.put(CRASH_AFTER, String.valueOf(lastWrite));
    environment.put(CRASH_SESSION, session);
    environment.put("vdiConfig_SERVER_PORT", "0");
    environment.put("vdiConfig_SERVER_HOST", "127.0.0.1");
    environment.put("vdiConfig_LEADER_ELECTION_ENABLED", "false");
    String name = "crashing-" + session + "-" + lastWrite;
    return ChildProcess.start(
        name,
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            ExitWithParent.class.getName(),
            CrashAfterWriteController.class.getName()),
        environment,
        folder.resolve(name + ".log"));
  }

  /**
   * Whether the process has no more writes to do, after its last one was observed. It ends only
   * after it has received the answer.
   */
  static boolean survives(ChildProcess process) {
    Instant end = Instant.now().plus(ANSWER);
    await("the answer to the last write")
        .atMost(ANSWER.multipliedBy(2))
        .until(() -> !process.isAlive() || Instant.now().isAfter(end));
    return process.isAlive();
  }

  public static void main(String[] args) throws Exception {
    String session = System.getenv(CRASH_SESSION);
    int lastWrite = Integer.parseInt(System.getenv(CRASH_AFTER));
    AtomicInteger writes = new AtomicInteger();
    Interceptor interceptor =
        chain -> {
          Request request = chain.request();
          Response response = chain.proceed(request);
          if (isWrite(request, session) && writes.incrementAndGet() >= lastWrite) {
            Runtime.getRuntime().halt(KILLED);
          }
          return response;
        };
    KubeClient api =
        KubeClientFactory.fromKubeconfig(
            Path.of(System.getenv("KUBECONFIG")), http -> http.addInterceptor(interceptor));
    ServiceRuntime.main(Controller.SERVICE, api, System.getenv());
  }

  /** Whether this writes the session or one of its objects. Events do not count. */
  private static boolean isWrite(Request request, String session) throws IOException {
    if (request.method().equals("GET")) {
      return false;
    }
    Buffer body = new Buffer();
    if (request.body() != null) {
      request.body().writeTo(body);
    }
    String path = request.url().encodedPath();
    return !path.contains("/events") && (path + body.readUtf8()).contains(session);
  }
}
