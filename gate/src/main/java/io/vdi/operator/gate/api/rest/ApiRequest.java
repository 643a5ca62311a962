package io.vdi.operator.gate.api.rest;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpMediaType;
import io.helidon.webserver.http.ServerRequest;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A request of a known caller to a known operation.
 *
 * @param parameters of the path
 */
record ApiRequest(ServerRequest http, ApiUser caller, List<String> parameters) {
  private static final HeaderName IF_MATCH = HeaderNames.create("If-Match");
  private static final int MAX_VALUE = 512;

  /** Namespace and name in the path. */
  SessionKey key() {
    return new SessionKey(parameters.get(0), parameters.get(1));
  }

  /** A parameter of the query that appears at most once. */
  Optional<String> query(String name) {
    return http.query().first(name).asOptional().filter(value -> !value.isEmpty());
  }

  List<String> queries(String name) {
    return http.query().contains(name) ? http.query().all(name) : List.of();
  }

  /**
   * A problem with the query; empty if it has only these parameters, each once and not too long.
   */
  Optional<Answer.Problem> queryProblem(Set<String> known, Set<String> repeatable) {
    for (String name : http.query().names()) {
      List<String> values = http.query().all(name);
      String shown = name.length() <= 80 ? name : name.substring(0, 79) + "…";
      if (!known.contains(name) && !repeatable.contains(name)) {
        return Optional.of(badQuery("unknown parameter " + shown, shown));
      }
      if (values.size() > (repeatable.contains(name) ? 10 : 1)) {
        return Optional.of(badQuery("parameter " + name + " appears too often", name));
      }
      if (values.stream().anyMatch(value -> value.length() > MAX_VALUE)) {
        return Optional.of(badQuery("parameter " + name + " is too long", name));
      }
    }
    return Optional.empty();
  }

  /** Answers a request without a query; with one it has a problem. */
  Answer withoutQuery(Supplier<Answer> next) {
    return queryProblem(Set.of(), Set.of()).<Answer>map(problem -> problem).orElseGet(next);
  }

  static Answer.Problem badQuery(String detail, String parameter) {
    return new Answer.Problem(ProblemType.BAD_REQUEST, detail, Optional.of(parameter), Map.of());
  }

  /** Answers with what the body leads to, or with the problem that it has. */
  Answer withBody(Set<String> mediaTypes, Function<BodyReader, Answer> next) {
    Optional<String> type =
        http.headers().contentType().map(HttpMediaType::mediaType).map(media -> media.text());
    if (type.filter(mediaTypes::contains).isEmpty()) {
      return new Answer.Problem(
          ProblemType.UNSUPPORTED_MEDIA_TYPE,
          "the body must be " + String.join(" or ", mediaTypes.stream().sorted().toList()),
          Optional.empty(),
          Map.of("Accept", String.join(", ", mediaTypes.stream().sorted().toList())));
    }
    byte[] body = body();
    return body.length > BodyReader.MAX_BYTES
        ? Answer.Problem.of(
            ProblemType.TOO_LARGE, "the body is longer than " + BodyReader.MAX_BYTES + " bytes")
        : next.apply(BodyReader.of(body));
  }

  private byte[] body() {
    if (!http.content().hasEntity()) {
      return new byte[0];
    }
    try (InputStream in = http.content().inputStream()) {
      return in.readNBytes(BodyReader.MAX_BYTES + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The version that the object must have. */
  sealed interface IfMatch {
    /**
     * @param version empty: any
     */
    record Version(Optional<String> version) implements IfMatch {}

    /** The header is no strong tag of this API. */
    record Never() implements IfMatch {}
  }

  IfMatch ifMatch() {
    List<String> tags = tags(IF_MATCH);
    if (tags.isEmpty() || tags.equals(List.of("*"))) {
      return new IfMatch.Version(Optional.empty());
    }
    return tags.size() == 1 && tags.getFirst().matches("\"[0-9]{1,20}[.][0-9a-f]{1,64}\"")
        ? new IfMatch.Version(
            Optional.of(tags.getFirst().substring(1, tags.getFirst().indexOf('.'))))
        : new IfMatch.Never();
  }

  private List<String> tags(HeaderName header) {
    return tags(http, header);
  }

  static List<String> tags(ServerRequest http, HeaderName header) {
    return http.headers().contains(header)
        ? http.headers().get(header).allValues().stream()
            .flatMap(value -> Arrays.stream(value.split(",", -1)))
            .map(String::strip)
            .filter(value -> !value.isEmpty())
            .toList()
        : List.of();
  }
}
