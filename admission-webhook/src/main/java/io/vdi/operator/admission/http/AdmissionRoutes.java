package io.vdi.operator.admission.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.Decision;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /mutate} and {@code POST /validate}. What cannot be decided is never an allow: a body
 * that is no AdmissionReview is 400, one over 3 MiB 413, too many at once 429, a bug 500.
 */
public final class AdmissionRoutes implements HttpService {
  /** The API server's own limit for a request, spec.md section 4. */
  public static final int MAX_BODY = 3 * 1024 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(AdmissionRoutes.class);

  private final Function<AdmissionRequest, Decision> mutate;
  private final Function<AdmissionRequest, Decision> validate;
  private final ConnectionTimeouts connections;
  private final Semaphore places;
  private final Duration readTimeout;
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("read-deadlines").factory());
  private final Observer observer;
  private volatile boolean leaving;

  /** Told of each decision, for the metrics. */
  @FunctionalInterface
  public interface Observer {
    void decided(AdmissionRequest request, boolean allowed, Duration took);
  }

  /**
   * @param atOnce requests that are worked on at the same time; more are refused
   * @param readTimeout in which a whole body has to arrive
   */
  public AdmissionRoutes(
      Function<AdmissionRequest, Decision> mutate,
      Function<AdmissionRequest, Decision> validate,
      ConnectionTimeouts connections,
      int atOnce,
      Duration readTimeout,
      Observer observer) {
    this.mutate = mutate;
    this.validate = validate;
    this.connections = connections;
    this.places = new Semaphore(atOnce);
    this.readTimeout = readTimeout;
    this.observer = observer;
  }

  /**
   * From now on every answer is the last on its connection: the client makes its next one
   * elsewhere.
   */
  public void leave() {
    leaving = true;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .post("/mutate", (request, response) -> handle(request, response, mutate))
        .post("/validate", (request, response) -> handle(request, response, validate));
  }

  private void handle(
      ServerRequest request, ServerResponse response, Function<AdmissionRequest, Decision> decide) {
    connections.alive(request);
    if (leaving) {
      response.headers().set(HeaderValues.CONNECTION_CLOSE);
    }
    if (!places.tryAcquire()) {
      refuse(response, Status.TOO_MANY_REQUESTS_429, "too many requests at once; try again");
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
      AdmissionRequest review = AdmissionReview.parse(body.get());
      Decision decision = decide.apply(review);
      response.headers().set(HeaderNames.CONTENT_TYPE, "application/json");
      response.send(AdmissionReview.answer(review.uid(), decision));
      observer.decided(
          review, decision instanceof Decision.Allow, Duration.ofNanos(System.nanoTime() - start));
    } catch (AdmissionReview.UnreadableReviewException e) {
      refuse(response, Status.BAD_REQUEST_400, e.getMessage());
    } catch (IOException e) {
      refuse(response, Status.BAD_REQUEST_400, "the body ends too early");
    } catch (RuntimeException e) {
      LOG.error("{} failed", request.path().path(), e);
      refuse(response, Status.INTERNAL_SERVER_ERROR_500, "internal error; see the webhook's log");
    } finally {
      places.release();
    }
  }

  /** The whole body; empty where it is too large. */
  private Optional<byte[]> read(ServerRequest request) throws IOException {
    Thread reader = Thread.currentThread();
    // Ends a read that blocks, and with it the connection: the server has no limit of its own.
    Future<?> deadline =
        deadlines.schedule(reader::interrupt, readTimeout.toMillis(), TimeUnit.MILLISECONDS);
    try {
      return readAll(request);
    } finally {
      deadline.cancel(false);
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

  private static void refuse(ServerResponse response, Status status, String why) {
    if (response.isSent()) {
      return;
    }
    response.status(status);
    response.headers().set(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
    response.send(why + "\n");
  }
}
