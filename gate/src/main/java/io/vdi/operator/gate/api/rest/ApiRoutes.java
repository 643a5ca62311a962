package io.vdi.operator.gate.api.rest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.SessionChange;
import io.vdi.operator.gate.api.SessionFilter;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.StartRequest;
import io.vdi.operator.gate.api.Target;
import io.vdi.operator.gate.http.PublicUrl;
import io.vdi.operator.gate.http.RequestLimit;
import io.vdi.operator.gate.signin.BearerSignIns;
import io.vdi.operator.gate.signin.SignInSessions;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
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

  private static final String PROBLEM = "application/problem+json";
  private static final String JSON = "application/json";
  private static final Set<String> CREATE_TYPES = Set.of(JSON);
  private static final Set<String> PATCH_TYPES = Set.of(JSON, "application/merge-patch+json");

  private static final ApiOperation DOCUMENT = new ApiOperation("GET", "/openapi.json");

  private static final HeaderName ETAG = HeaderNames.create("ETag");
  private static final HeaderName IF_NONE_MATCH = HeaderNames.create("If-None-Match");

  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_EMAIL = 254;
  private static final int MAX_NAME = 253;
  private static final int MAX_GPU = 1024;
  private static final int HASH_LENGTH = 16;

  private static final Map<String, Phase> PHASES =
      Arrays.stream(Phase.values()).collect(Collectors.toMap(Phase::text, phase -> phase));

  private static final Map<String, ReclaimPolicy> POLICIES =
      Arrays.stream(ReclaimPolicy.values())
          .collect(Collectors.toMap(ReclaimPolicy::text, policy -> policy));

  private static final Map<String, ShareRole> SHARE_ROLES =
      Arrays.stream(ShareRole.values()).collect(Collectors.toMap(ShareRole::text, role -> role));

  private static final Map<String, ReclaimPolicy> HOME_CHOICES =
      Map.of("delete", ReclaimPolicy.DELETE, "retain", ReclaimPolicy.RETAIN);

  private final Desktops desktops;
  private final Authenticator authenticator;
  private final RequestLimit limit;
  private final JsonObject document;
  private final Map<ApiOperation, Handler> operations = new LinkedHashMap<>();

  /** What one operation does. */
  @FunctionalInterface
  private interface Handler {
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
    operations.put(new ApiOperation("GET", "/me"), this::me);
    operations.put(new ApiOperation("GET", "/templates"), this::templates);
    operations.put(new ApiOperation("GET", "/sessions"), this::sessions);
    operations.put(new ApiOperation("POST", "/sessions"), this::create);
    operations.put(new ApiOperation("GET", "/sessions/{namespace}/{name}"), this::session);
    operations.put(new ApiOperation("PATCH", "/sessions/{namespace}/{name}"), this::change);
    operations.put(new ApiOperation("DELETE", "/sessions/{namespace}/{name}"), this::delete);
    operations.put(
        new ApiOperation("GET", "/sessions/{namespace}/{name}/diagnosis"), this::diagnosis);
    operations.put(new ApiOperation("GET", "/sessions/{namespace}/{name}/events"), this::events);
    operations.put(new ApiOperation("POST", "/sessions/{namespace}/{name}/shares"), this::share);
    operations.put(
        new ApiOperation("DELETE", "/sessions/{namespace}/{name}/shares"), this::unshare);
    operations.put(new ApiOperation("POST", "/sessions/{namespace}/{name}/links"), this::link);
    operations.put(new ApiOperation("GET", "/shared"), this::shared);
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
    send(answer, request, response);
  }

  private Answer dispatch(ServerRequest request, ServerResponse response) {
    String whole = request.path().path();
    List<String> path =
        List.of(whole.substring(Math.min(ROOT.length() + 1, whole.length())).split("/", -1));
    String method = method(request);
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
      return notAllowed(allowed);
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

  private static Answer notAllowed(Set<String> allowed) {
    return new Answer.Problem(
        ProblemType.METHOD_NOT_ALLOWED,
        "use " + String.join(" or ", allowed),
        Optional.empty(),
        Map.of("Allow", String.join(", ", allowed)));
  }

  /** A HEAD is answered like a GET, without the body. */
  private static String method(ServerRequest request) {
    return isHead(request) ? "GET" : request.prologue().method().text();
  }

  private static boolean isHead(ServerRequest request) {
    return request.prologue().method().text().equals("HEAD");
  }

  private Answer run(Handler handler, ApiRequest request, ServerResponse response) {
    return limit.admit(request.caller().email())
        ? handler.answer(request, response)
        : Answer.of(
            Outcome.refused(ProblemType.TOO_MANY_REQUESTS, "wait a second"),
            any -> new Answer.Sent());
  }

  private Answer me(ApiRequest request, ServerResponse response) {
    return withoutQuery(request, () -> json(desktops.me(request.caller()), ApiJson::of));
  }

  private Answer templates(ApiRequest request, ServerResponse response) {
    return withoutQuery(
        request, () -> json(desktops.templates(request.caller()), ApiJson::templates));
  }

  private Answer sessions(ApiRequest request, ServerResponse response) {
    Optional<Answer.Problem> problem =
        request.queryProblem(
            Set.of("own", "user", "namespace", "template", "limit", "continue"), Set.of("phase"));
    if (problem.isPresent()) {
      return problem.get();
    }
    Optional<String> badPhase =
        request.queries("phase").stream().filter(text -> !PHASES.containsKey(text)).findFirst();
    if (badPhase.isPresent()) {
      return ApiRequest.badQuery(
          "phase must be one of " + PHASES.keySet().stream().sorted().toList(), "phase");
    }
    Optional<String> limitText = request.query("limit");
    if (limitText
        .filter(text ->
            !text.matches("[0-9]{1,3}")
                || Integer.parseInt(text) < 1
                || Integer.parseInt(text) > SessionFilter.MAX_LIMIT)
        .isPresent()) {
      return ApiRequest.badQuery(
          "limit must be a whole number from 1 to " + SessionFilter.MAX_LIMIT, "limit");
    }
    Optional<String> own = request.query("own");
    if (own.filter(text -> !Set.of("true", "false").contains(text)).isPresent()) {
      return ApiRequest.badQuery("own must be true or false", "own");
    }
    return json(
        desktops.sessions(
            request.caller(),
            new SessionFilter(
                own.filter("true"::equals).isPresent(),
                request.query("user"),
                request.query("namespace"),
                request.query("template"),
                request.queries("phase").stream().map(PHASES::get).collect(Collectors.toSet()),
                limitText.map(Integer::valueOf).orElse(DEFAULT_LIMIT),
                request.query("continue"))),
        ApiJson::of);
  }

  private Answer session(ApiRequest request, ServerResponse response) {
    return withoutQuery(
        request, () -> session(200, desktops.session(request.caller(), request.key())));
  }

  private Answer create(ApiRequest request, ServerResponse response) {
    return withCreated(
        request,
        ApiRoutes::startRequest,
        start -> session(201, desktops.start(request.caller(), start)));
  }

  /** Reads the body of a POST, and continues with it or answers what is wrong in it. */
  private static <T> Answer withCreated(
      ApiRequest request, Function<BodyReader, T> reader, Function<T, Answer> next) {
    return withoutQuery(
        request,
        () ->
            request.withBody(
                CREATE_TYPES,
                body -> {
                  T value = reader.apply(body);
                  return body.problem()
                      .<Answer>map(problem -> problem)
                      .orElseGet(() -> next.apply(value));
                }));
  }

  private static StartRequest startRequest(BodyReader body) {
    BodyReader resources = body.object("resources");
    BodyReader home = body.object("home");
    StartRequest start =
        new StartRequest(
            body.requiredText("template", MAX_NAME),
            body.text("name", 63),
            body.text("namespace", 63),
            body.text("user", MAX_EMAIL),
            resources.number("gpu", 0, MAX_GPU),
            resources.quantity("memory"),
            resources.quantity("cpu"),
            home.flag("enabled"),
            home.quantity("size"),
            home.oneOf("reclaimPolicy", POLICIES),
            body.duration("timeout"),
            body.durationOrZero("idleTimeout"));
    // Unknown fields of the nested objects are problems of the whole body.
    if (resources.problem().isEmpty()) {
      home.problem();
    }
    return start;
  }

  private Answer change(ApiRequest request, ServerResponse response) {
    return withoutQuery(
        request,
        () ->
            request.withBody(
                PATCH_TYPES,
                body -> {
                  SessionChange change =
                      new SessionChange(
                          body.flag("suspended"),
                          body.duration("extendBy"),
                          body.duration("timeout"));
                  Optional<Answer.Problem> problem = body.problem();
                  if (problem.isPresent()) {
                    return problem.get();
                  }
                  if (change.extendBy().isPresent() && change.timeout().isPresent()) {
                    return new Answer.Problem(
                        ProblemType.INVALID,
                        "extendBy cannot be combined with timeout",
                        Optional.of("extendBy"),
                        Map.of());
                  }
                  return withTarget(
                      request,
                      target -> session(200, desktops.change(request.caller(), target, change)));
                }));
  }

  private Answer delete(ApiRequest request, ServerResponse response) {
    Optional<Answer.Problem> problem = request.queryProblem(Set.of("home"), Set.of());
    if (problem.isPresent()) {
      return problem.get();
    }
    Optional<String> home = request.query("home");
    if (home.filter(text -> !HOME_CHOICES.containsKey(text)).isPresent()) {
      return ApiRequest.badQuery("home must be delete or retain", "home");
    }
    return withTarget(
        request,
        target ->
            session(200, desktops.delete(request.caller(), target, home.map(HOME_CHOICES::get))));
  }

  private Answer diagnosis(ApiRequest request, ServerResponse response) {
    return withoutQuery(
        request, () -> json(desktops.diagnose(request.caller(), request.key()), ApiJson::of));
  }

  private Answer events(ApiRequest request, ServerResponse response) {
    Optional<Answer.Problem> problem = request.queryProblem(Set.of(), Set.of());
    if (problem.isPresent()) {
      return problem.get();
    }
    if (isHead(request.http())) {
      return notAllowed(Set.of("GET"));
    }
    String user = request.caller().email();
    if (!limit.openStream(user)) {
      return Answer.of(
          Outcome.refused(ProblemType.TOO_MANY_REQUESTS, "too many open streams"),
          any -> new Answer.Sent());
    }
    try {
      EventStream stream = new EventStream();
      return Answer.of(
          desktops.watch(request.caller(), request.key(), stream),
          subscription -> {
            try (subscription) {
              stream.send(
                  response,
                  () ->
                      authenticator.authenticate(request.http())
                          instanceof Authenticator.Result.Known);
            }
            return new Answer.Sent();
          });
    } finally {
      limit.closeStream(user);
    }
  }

  private Answer share(ApiRequest request, ServerResponse response) {
    return withCreated(
        request,
        body ->
            new Share(
                body.requiredText("user", MAX_EMAIL),
                body.oneOf("role", SHARE_ROLES).orElse(ShareRole.VIEW),
                body.time("until").orElse(null)),
        share ->
            withTarget(
                request, target -> session(200, desktops.share(request.caller(), target, share))));
  }

  private Answer link(ApiRequest request, ServerResponse response) {
    return withCreated(
        request,
        body -> body.requiredTime("until"),
        until ->
            withTarget(
                request,
                target ->
                    Answer.of(
                        desktops.createLink(request.caller(), target, until),
                        link ->
                            new Answer.Json(201, ApiJson.of(link), Optional.empty(), Map.of()))));
  }

  private Answer unshare(ApiRequest request, ServerResponse response) {
    Optional<Answer.Problem> problem = request.queryProblem(Set.of("user"), Set.of());
    if (problem.isPresent()) {
      return problem.get();
    }
    return request
        .query("user")
        .map(user ->
            withTarget(
                request, target -> session(200, desktops.unshare(request.caller(), target, user))))
        .orElseGet(() -> ApiRequest.badQuery("user is required: whose share ends?", "user"));
  }

  private Answer shared(ApiRequest request, ServerResponse response) {
    return withoutQuery(request, () -> json(desktops.shared(request.caller()), ApiJson::shared));
  }

  private Answer homes(ApiRequest request, ServerResponse response) {
    return withoutQuery(request, () -> json(desktops.homes(request.caller()), ApiJson::homes));
  }

  private Answer deleteHome(ApiRequest request, ServerResponse response) {
    return withoutQuery(
        request, () -> json(desktops.deleteHome(request.caller(), request.key()), ApiJson::of));
  }

  private Answer usage(ApiRequest request, ServerResponse response) {
    // Without a parameter: usage against the quotas.
    return request.http().query().isEmpty()
        ? json(desktops.usage(request.caller()), ApiJson::of)
        : UsageRequest.answer(desktops, request);
  }

  private Answer budgets(ApiRequest request, ServerResponse response) {
    return withoutQuery(request, () -> json(desktops.budgets(request.caller()), ApiJson::of));
  }

  private static Answer withoutQuery(ApiRequest request, Supplier<Answer> next) {
    return request.queryProblem(Set.of(), Set.of()).<Answer>map(problem -> problem).orElseGet(next);
  }

  private static Answer withTarget(ApiRequest request, Function<Target, Answer> next) {
    return switch (request.ifMatch()) {
      case ApiRequest.IfMatch.Version(Optional<String> version) ->
          next.apply(new Target(request.key(), version));
      case ApiRequest.IfMatch.Never() ->
          Answer.Problem.of(
              ProblemType.PRECONDITION_FAILED,
              "If-Match must be one ETag of this session, as a GET returns it");
    };
  }

  private static <T> Answer json(Outcome<T> outcome, Function<T, JsonObject> convert) {
    return Answer.of(outcome, value -> Answer.Json.of(convert.apply(value)));
  }

  private static Answer session(int status, Outcome<SessionView> outcome) {
    return Answer.of(
        outcome,
        view ->
            new Answer.Json(
                status,
                ApiJson.of(view),
                Optional.of(view.version()),
                status == 201
                    ? Map.of(
                        "Location",
                        ROOT + "/sessions/" + view.key().namespace() + "/" + view.key().name())
                    : Map.of()));
  }

  private static void send(Answer answer, ServerRequest request, ServerResponse response) {
    switch (answer) {
      case Answer.Sent() -> {}
      case Answer.Csv(String text) -> {
        response.headers().set(HeaderNames.CACHE_CONTROL, "private, no-cache");
        response
            .headers()
            .set(HeaderNames.CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\"");
        send(request, response, "text/csv; charset=utf-8", text);
      }
      case Answer.Json(
              int status,
              JsonElement body,
              Optional<String> version,
              Map<String, String> headers) -> {
        String text = body.toString();
        String tag = tag(text, version);
        headers.forEach((name, value) -> response.headers().set(HeaderNames.create(name), value));
        response.headers().set(ETAG, tag);
        response.headers().set(HeaderNames.CACHE_CONTROL, "private, no-cache");
        response.headers().set(HeaderNames.VARY, "Authorization, Cookie");
        if (status == 200
            && method(request).equals("GET")
            && ApiRequest.tags(request, IF_NONE_MATCH).stream()
                .anyMatch(known -> known.equals("*") || known.equals(tag))) {
          response.status(Status.NOT_MODIFIED_304).send();
          return;
        }
        response.status(Status.create(status));
        send(request, response, JSON, text);
      }
      case Answer.Problem(
              ProblemType type,
              String detail,
              Optional<String> field,
              Map<String, String> headers) -> {
        JsonObject problem = new JsonObject();
        problem.addProperty("type", "urn:vdi:problem:" + type.code());
        problem.addProperty("title", type.title());
        problem.addProperty("status", type.status());
        problem.addProperty("detail", detail);
        field.ifPresent(name -> problem.addProperty("field", name));
        headers.forEach((name, value) -> response.headers().set(HeaderNames.create(name), value));
        response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
        response.status(Status.create(type.status()));
        send(request, response, PROBLEM, problem.toString());
      }
    }
  }

  /** The version, and what else the document shows: pods and templates change without it. */
  private static String tag(String body, Optional<String> version) {
    return "\""
        + version.map(text -> text + ".").orElse("")
        + Hashes.sha256(body, HASH_LENGTH)
        + "\"";
  }

  private static void send(
      ServerRequest request, ServerResponse response, String type, String body) {
    response.headers().set(HeaderNames.CONTENT_TYPE, type);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    if (isHead(request)) {
      response.headers().contentLength(bytes.length);
      response.send();
    } else {
      response.send(bytes);
    }
  }
}
