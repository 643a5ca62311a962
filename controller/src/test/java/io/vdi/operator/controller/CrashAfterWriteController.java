package io.vdi.operator.controller;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.runtime.ServiceRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Interceptor;
import okhttp3.Request;
import okhttp3.Response;
import okio.Buffer;

/**
 * The controller, in a process of its own that dies as by kill -9 right after its n-th write: after
 * the API server has answered, before the controller knows of it. {@code DIE_AFTER} is n; only
 * writes that concern the session {@code DIE_ON} count.
 */
public final class CrashAfterWriteController {
  private static final int EXIT = 137;

  private CrashAfterWriteController() {}

  public static void main(String[] args) throws Exception {
    String session = System.getenv("DIE_ON");
    int dieAfter = Integer.parseInt(System.getenv("DIE_AFTER"));
    AtomicInteger writes = new AtomicInteger();
    Interceptor interceptor =
        chain -> {
          Request request = chain.request();
          Response response = chain.proceed(request);
          if (isWrite(request, session) && writes.incrementAndGet() >= dieAfter) {
            Runtime.getRuntime().halt(EXIT);
          }
          return response;
        };
    KubeClient api =
        KubeClientFactory.fromKubeconfig(
            Path.of(System.getenv("KUBECONFIG")), http -> http.addInterceptor(interceptor));
    ServiceRuntime.main(Controller.SERVICE, api, System.getenv());
  }

  /** A write on the session or on one of its objects; no Event. */
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
