package io.vdi.operator.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that send hostile reviews to the webhook as fast as it answers, as a shell in a desktop
 * could if no NetworkPolicy kept it away: fields out of bounds, texts that are slow to match,
 * forged requests that take reservations, and bodies that are no reviews. They have another source
 * address than the API server, as a desktop has.
 */
final class AdmissionFlood implements AutoCloseable {
  private static final String SOURCE = "127.0.0.2";
  private static final int LONG_TEXT = 100_000;
  private static final int GARBAGE = 256 * 1024;

  /** A client that cannot connect tries again after this time. */
  private static final long RETRY_NANOS = 10_000_000;

  private final HttpClient http;
  private final List<URI> targets;
  private final Map<String, AtomicLong> answers = new ConcurrentHashMap<>();
  private final AtomicBoolean done = new AtomicBoolean();
  private final AtomicLong sent = new AtomicLong();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final long start = System.nanoTime();
  private final int clients;

  /**
   * Starts the clients.
   *
   * @param caCertificate the certificate of the webhook's CA
   * @param targets URLs of {@code /validate} of each replica
   */
  AdmissionFlood(Path caCertificate, List<URI> targets, int clients) {
    this.targets = List.copyOf(targets);
    this.clients = clients;
    this.http =
        HttpClient.newBuilder()
            .sslContext(AdmissionClient.trusting(caCertificate))
            .version(HttpClient.Version.HTTP_1_1)
            .localAddress(InetAddress.ofLiteral(SOURCE))
            .build();
    for (int client = 0; client < clients; client++) {
      threads.execute(this::run);
    }
  }

  int clients() {
    return clients;
  }

  private void run() {
    while (!done.get()) {
      long number = sent.getAndIncrement();
      answers.computeIfAbsent(answer(number), key -> new AtomicLong()).incrementAndGet();
    }
  }

  /** The HTTP status, or {@code closed} if the webhook has closed the connection. */
  private String answer(long number) {
    HttpRequest request =
        HttpRequest.newBuilder(targets.get((int) (number % targets.size())))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body(number)))
            .build();
    try {
      return String.valueOf(
          http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
    } catch (IOException e) {
      LockSupport.parkNanos(RETRY_NANOS);
      return "closed";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }

  private static String body(long number) {
    return switch ((int) (number / 2 % 4)) {
      case 0 -> review(number, "a".repeat(LONG_TEXT), "mallory@example.com");
      case 1 -> review(number, "mallory", "a@".repeat(120) + "b.");
      case 2 -> review(number, "mallory@example.com", "mallory@example.com");
      default -> "[".repeat(GARBAGE);
    };
  }

  private static String review(long number, String username, String user) {
    return """
    {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"flood-%1$d",
    "kind":{"group":"vdi.kasm.io","version":"v1alpha1","kind":"VDISession"},
    "operation":"CREATE","namespace":"bench","name":"flood-%1$d",
    "userInfo":{"username":"%2$s","groups":["system:authenticated"]},
    "object":{"apiVersion":"vdi.kasm.io/v1alpha1","kind":"VDISession",
    "metadata":{"name":"flood-%1$d","namespace":"bench"},
    "spec":{"user":"%3$s","template":"bench"}}}}
    """
        .formatted(number, username, user);
  }

  /** How many requests have been answered by HTTP status. */
  Map<String, Long> answers() {
    Map<String, Long> counts = new TreeMap<>();
    answers.forEach((status, count) -> counts.put(status, count.get()));
    return counts;
  }

  /** Answers per second since the start. */
  double perSecond() {
    long count = answers().values().stream().mapToLong(Long::longValue).sum();
    return count * 1e9 / (System.nanoTime() - start);
  }

  /** Stops the clients; returns when none is waiting for an answer. */
  @Override
  public void close() {
    done.set(true);
    threads.close();
    http.close();
  }
}
