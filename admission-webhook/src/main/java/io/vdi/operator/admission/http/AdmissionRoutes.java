package io.vdi.operator.admission.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.Response;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /mutate} and {@code POST /validate}. No error leads to an allow: a body that is not
 * an AdmissionReview is answered with 400, a review with a field out of bounds is denied with 400,
 * a body over 3 MiB with 413, too many concurrent requests with 429, a bug with 500.
 */
public final class AdmissionRoutes implements HttpService {
  /** The API server's own limit for a request, in bytes; docs/specification.md, section 4. */
  public static final int MAX_BODY = 3 * 1024 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(AdmissionRoutes.class);

  private final Function<AdmissionRequest, Response> mutate;
  private final Function<AdmissionRequest, Response> validate;
  private final ConnectionTimeouts connections;
  private final RequestPermits permits;
  private final Duration readTimeout;
  private final ScheduledExecutorService readTimeouts =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("read-timeouts").factory());
  private final Observer observer;
  private volatile boolean draining;

  /** Is called with each response, for the metrics. */
  @FunctionalInterface
  public interface Observer {
    void responded(AdmissionRequest request, boolean allowed, Duration duration);
  }

  /**
   * @param maxConcurrentRequests requests that are processed concurrently, of one client address
   *     three quarters of them; more are answered with 429
   * @param readTimeout for a complete request body; slower clients are disconnected
   */
  public AdmissionRoutes(
      Function<AdmissionRequest, Response> mutate,
      Function<AdmissionRequest, Response> validate,
      ConnectionTimeouts connections,
      int maxConcurrentRequests,
      Duration readTimeout,
      Observer observer) {
    this.mutate = mutate;
    this.validate = validate;
    this.connections = connections;
    this.permits = new RequestPermits(maxConcurrentRequests);
    this.readTimeout = readTimeout;
    this.observer = observer;
  }

  /**
   * Answers each request with {@code Connection: close} from now on, so that clients connect to
   * another replica for their next request.
   */
  public void drain() {
    draining = true;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .post("/mutate", (request, response) -> handle(request, response, mutate))
        .post("/validate", (request, response) -> handle(request, response, validate));
  }

  @Override
  public void afterStop() {
    readTimeouts.shutdownNow();
  }

  private void handle(
      ServerRequest request,
      ServerResponse response,
      Function<AdmissionRequest, Response> decision) {
    connections.restart(request);
    if (draining) {
      response.headers().set(HeaderValues.CONNECTION_CLOSE);
    }
    String client = request.remotePeer().host();
    if (!permits.tryAcquire(client)) {
      refuse(response, Status.TOO_MANY_REQUESTS_429, "too many concurrent requests; try again");
      return;
    }
    try {
      long start = System.nanoTime();
      Optional<byte[]> body = read(request);
      if (body.isEmpty()) {
        refuse(
            response,
            Status.REQUEST_ENTITY_TOO_LARGE_413,
            "the body is over " + MAX_BODY + " bytes");
        return;
      }
      AdmissionRequest admission = AdmissionReview.decode(body.get());
      Response answer = decision.apply(admission);
      response.headers().set(HeaderNames.CONTENT_TYPE, "application/json");
      response.send(AdmissionReview.encode(admission.uid(), answer));
      observer.responded(
          admission, answer instanceof Response.Allow, Duration.ofNanos(System.nanoTime() - start));
    } catch (AdmissionReview.OutOfBoundsException e) {
      response.headers().set(HeaderNames.CONTENT_TYPE, "application/json");
      response.send(e.answer());
    } catch (AdmissionReview.UnreadableReviewException e) {
      refuse(response, Status.BAD_REQUEST_400, e.getMessage());
    } catch (IOException e) {
      refuse(response, Status.BAD_REQUEST_400, "the body is incomplete");
    } catch (RuntimeException e) {
      LOG.error("{} failed", request.path().path(), e);
      refuse(response, Status.INTERNAL_SERVER_ERROR_500, "internal error; see the webhook's log");
    } finally {
      permits.release(client);
    }
  }

  /** Reads the whole body; empty if it is too large. */
  private Optional<byte[]> read(ServerRequest request) throws IOException {
    Thread reader = Thread.currentThread();
    // Helidon has no time limit for a body. The interrupt closes the connection.
    Future<?> timeout =
        readTimeouts.schedule(reader::interrupt, readTimeout.toMillis(), TimeUnit.MILLISECONDS);
    try {
      return readAll(request);
    } finally {
      timeout.cancel(false);
      Thread.interrupted();
    }
  }

  private static Optional<byte[]> readAll(ServerRequest request) throws IOException {
    if (request.headers().contentLength().orElse(0) > MAX_BODY) {
      return Optional.empty();
    }
    if (!request.content().hasEntity()) {
      return Optional.of(new byte[0]);
    }
    try (InputStream in = request.content().inputStream()) {
      byte[] body = in.readNBytes(MAX_BODY + 1);
      return body.length > MAX_BODY ? Optional.empty() : Optional.of(body);
    }
  }

  private static void refuse(ServerResponse response, Status status, String reason) {
    if (response.isSent()) {
      return;
    }
    response.status(status);
    response.headers().set(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
    response.send(reason + "\n");
  }
}
