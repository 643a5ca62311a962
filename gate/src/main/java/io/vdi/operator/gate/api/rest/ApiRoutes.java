package io.vdi.operator.gate.api.rest;

import com.google.gson.JsonObject;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.http.PublicUrl;
import io.vdi.operator.gate.http.RequestLimit;
import io.vdi.operator.gate.signin.BearerSignIns;
import io.vdi.operator.gate.signin.SignInSessions;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /api/v1}; docs/specification.md, section 8. The table of operations is the only one; a
 * test compares it with the document {@code openapi/v1.yaml}.
 */
public final class ApiRoutes implements HttpService {
  /** The beginning of all paths. */
  public static final String ROOT = "/api/v1";

  private static final Logger LOG = LoggerFactory.getLogger(ApiRoutes.class);

  private static final ApiOperation DOCUMENT = new ApiOperation("GET", "/openapi.json");

  private final Desktops desktops;
  private final Authenticator authenticator;
  private final RequestLimit limit;
  private final JsonObject document;
  private final Map<ApiOperation, Handler> operations = new LinkedHashMap<>();

  /** What one operation does. */
  @FunctionalInterface
  interface Handler {
    Answer answer(ApiRequest request, ServerResponse response);
  }

  /**
   * How much one user can ask for.
   *
   * @param requestsPerSecond in the long run; five times as many at once
   * @param streams of events at the same time
   */
  public record Limits(int requestsPerSecond, int streams) {}

  /**
   * @param callers makes a caller from an address, groups, the client's address and the id of the
   *     sign-in
   */
  public ApiRoutes(
      Desktops desktops,
      BearerSignIns bearers,
      SignInSessions sessions,
      PublicUrl publicUrl,
      CallerFactory callers,
      Limits limits) {
    this.desktops = desktops;
    this.authenticator = new Authenticator(bearers, sessions, publicUrl, callers::of);
    this.limit =
        new RequestLimit(
            limits.requestsPerSecond(),
            5 * limits.requestsPerSecond(),
            limits.streams(),
            System::nanoTime);
    this.document = OpenApiDocument.read();
    SessionOperations session = new SessionOperations(desktops, authenticator, limit);
    operations.put(new ApiOperation("GET", "/me"), this::me);
    operations.put(new ApiOperation("GET", "/templates"), this::templates);
    operations.put(new ApiOperation("GET", "/sessions"), session::sessions);
    operations.put(new ApiOperation("POST", "/sessions"), session::create);
    operations.put(new ApiOperation("GET", "/sessions/{namespace}/{name}"), session::session);
    operations.put(new ApiOperation("PATCH", "/sessions/{namespace}/{name}"), session::change);
    operations.put(new ApiOperation("DELETE", "/sessions/{namespace}/{name}"), session::delete);
    operations.put(
        new ApiOperation("GET", "/sessions/{namespace}/{name}/diagnosis"), session::diagnosis);
    operations.put(new ApiOperation("GET", "/sessions/{namespace}/{name}/events"), session::events);
    operations.put(new ApiOperation("POST", "/sessions/{namespace}/{name}/shares"), session::share);
    operations.put(
        new ApiOperation("DELETE", "/sessions/{namespace}/{name}/shares"), session::unshare);
    operations.put(new ApiOperation("POST", "/sessions/{namespace}/{name}/links"), session::link);
    operations.put(new ApiOperation("GET", "/shared"), session::shared);
    operations.put(new ApiOperation("GET", "/homes"), this::homes);
    operations.put(new ApiOperation("DELETE", "/homes/{namespace}/{name}"), this::deleteHome);
    operations.put(new ApiOperation("GET", "/usage"), this::usage);
    operations.put(new ApiOperation("GET", "/budgets"), this::budgets);
  }

  /** Makes a caller from what the provider says. */
  @FunctionalInterface
  public interface CallerFactory {
    ApiUser of(String email, List<String> groups, String address, String signInId);
  }

  /** Every operation of the API, with that of the document. */
  public Set<ApiOperation> operations() {
    Set<ApiOperation> all = new HashSet<>(operations.keySet());
    all.add(DOCUMENT);
    return Set.copyOf(all);
  }

  @Override
  public void routing(HttpRules rules) {
    rules.any(ROOT, this::handle).any(ROOT + "/*", this::handle);
  }

  private void handle(ServerRequest request, ServerResponse response) {
    Answer answer;
    try {
      answer = dispatch(request, response);
    } catch (RuntimeException e) {
      LOG.error("{} {} failed", request.prologue().method().text(), request.path().path(), e);
      answer = Answer.Problem.of(ProblemType.INTERNAL, "The log of the gate has the reason.");
    }
    AnswerWriter.send(answer, request, response);
  }

  private Answer dispatch(ServerRequest request, ServerResponse response) {
    String whole = request.path().path();
    List<String> path =
        List.of(whole.substring(Math.min(ROOT.length() + 1, whole.length())).split("/", -1));
    String method = AnswerWriter.method(request);
    if (DOCUMENT.match(path).isPresent() && method.equals("GET")) {
      return new Answer.Json(200, document, Optional.empty(), Map.of());
    }
    Set<String> allowed =
        operations().stream()
            .filter(operation -> operation.match(path).isPresent())
            .map(ApiOperation::method)
            .flatMap(one -> one.equals("GET") ? Stream.of(one, "HEAD") : Stream.of(one))
            .collect(Collectors.toCollection(TreeSet::new));
    if (allowed.isEmpty()) {
      return Answer.Problem.of(ProblemType.NOT_FOUND, "there is nothing at this path");
    }
    if (!allowed.contains(method)) {
      return Answer.Problem.notAllowed(allowed);
    }
    return switch (authenticator.authenticate(request)) {
      case Authenticator.Result.Known(ApiUser caller) ->
          operations.entrySet().stream()
              .filter(entry -> entry.getKey().method().equals(method))
              .flatMap(entry ->
                  entry.getKey().match(path).stream()
                      .map(parameters ->
                          run(
                              entry.getValue(),
                              new ApiRequest(request, caller, parameters),
                              response)))
              .findFirst()
              .orElseThrow();
      case Authenticator.Result.Unknown(String reason, Optional<String> token) ->
          new Answer.Problem(
              ProblemType.UNAUTHENTICATED,
              reason,
              Optional.empty(),
              Map.of(
                  "WWW-Authenticate",
                  "Bearer realm=\"vdi\"" + token.map(problem -> ", " + problem).orElse("")));
      case Authenticator.Result.CrossSite() ->
          Answer.Problem.of(ProblemType.FORBIDDEN, "the request was started by another site");
      case Authenticator.Result.Unavailable(String reason) -> {
        LOG.error("a bearer token cannot be checked: {}", reason);
        yield Answer.of(
            new Outcome.Unavailable<>("Tokens cannot be checked at present. Try again."),
            any -> new Answer.Sent());
      }
    };
  }

  private Answer run(Handler handler, ApiRequest request, ServerResponse response) {
    return limit.admit(request.caller().email())
        ? handler.answer(request, response)
        : Answer.of(
            Outcome.refused(ProblemType.TOO_MANY_REQUESTS, "wait a second"),
            any -> new Answer.Sent());
  }

  private Answer me(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(() -> Answer.json(desktops.me(request.caller()), ApiJson::of));
  }

  private Answer templates(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(
        () -> Answer.json(desktops.templates(request.caller()), ApiJson::templates));
  }

  private Answer homes(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(
        () -> Answer.json(desktops.homes(request.caller()), ApiJson::homes));
  }

  private Answer deleteHome(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(
        () -> Answer.json(desktops.deleteHome(request.caller(), request.key()), ApiJson::of));
  }

  private Answer usage(ApiRequest request, ServerResponse response) {
    // Without a parameter: usage against the quotas.
    return request.http().query().isEmpty()
        ? Answer.json(desktops.usage(request.caller()), ApiJson::of)
        : UsageRequest.answer(desktops, request);
  }

  private Answer budgets(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(() -> Answer.json(desktops.budgets(request.caller()), ApiJson::of));
  }
}
