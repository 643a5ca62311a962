package io.vdi.operator.reaper.activity;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import okhttp3.Call;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okio.BufferedSource;

/** Reads one metric of a {@code /metrics} page, limited in size and time. */
final class MetricsClient {
  /** Pages of nodes with 500 pods have less than 1 MiB. */
  private static final long MAX_BODY_BYTES = 16 * 1024 * 1024;

  private static final long MAX_LINE_BYTES = 64 * 1024;

  private MetricsClient() {}

  /** Settings of all clients. */
  static OkHttpClient.Builder configure(OkHttpClient.Builder http) {
    return http.protocols(List.of(Protocol.HTTP_1_1))
        .followRedirects(false)
        .followSslRedirects(false)
        .retryOnConnectionFailure(false);
  }

  /** Ends the requests in progress, and closes the connections. */
  static void close(OkHttpClient http) {
    http.dispatcher().cancelAll();
    http.connectionPool().evictAll();
  }

  /**
   * Reads the samples of one metric.
   *
   * @param timeout from the connection to the last byte of the response
   * @throws InterruptedException if the thread is interrupted
   */
  static Scrape read(OkHttpClient http, Request.Builder request, String metric, Duration timeout)
      throws InterruptedException {
    Call call = http.newCall(request.header("Accept", "text/plain;version=0.0.4").build());
    call.timeout().timeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    try (Response response = call.execute()) {
      return response.code() == 200
          ? read(response.body().source(), metric)
          : new Scrape.NoAnswer("HTTP status " + response.code());
    } catch (SSLException e) {
      return new Scrape.NoAnswer("cannot verify its certificate: " + e.getMessage());
    } catch (InterruptedIOException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while reading metrics");
      }
      return new Scrape.NoAnswer("no response within " + timeout.toMillis() + " ms");
    } catch (IOException e) {
      return new Scrape.NoAnswer(e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  private static Scrape read(BufferedSource body, String metric) throws IOException {
    List<PrometheusText.Sample> samples = new ArrayList<>();
    long left = MAX_BODY_BYTES;
    while (!body.exhausted()) {
      String line = body.readUtf8LineStrict(MAX_LINE_BYTES);
      left -= line.length() + 1;
      if (left < 0) {
        return new Scrape.NoAnswer("the response is larger than " + MAX_BODY_BYTES + " bytes");
      }
      PrometheusText.sample(line, metric).ifPresent(samples::add);
    }
    return new Scrape.Samples(samples);
  }
}
