package io.vdi.operator.gate.api.rest;

import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.SessionChange;
import io.vdi.operator.gate.api.SessionFilter;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.StartRequest;
import io.vdi.operator.gate.api.Target;
import io.vdi.operator.gate.http.RequestLimit;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What the operations on sessions do. */
record SessionOperations(Desktops desktops, Authenticator authenticator, RequestLimit limit) {
  private static final Set<String> CREATE_TYPES = Set.of(AnswerWriter.JSON);
  private static final Set<String> PATCH_TYPES =
      Set.of(AnswerWriter.JSON, "application/merge-patch+json");

  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_EMAIL = 254;
  private static final int MAX_NAME = 253;
  private static final int MAX_GPU = 1024;

  private static final Map<String, Phase> PHASES =
      Arrays.stream(Phase.values()).collect(Collectors.toMap(Phase::text, phase -> phase));

  private static final Map<String, ReclaimPolicy> POLICIES =
      Arrays.stream(ReclaimPolicy.values())
          .collect(Collectors.toMap(ReclaimPolicy::text, policy -> policy));

  private static final Map<String, ShareRole> SHARE_ROLES =
      Arrays.stream(ShareRole.values()).collect(Collectors.toMap(ShareRole::text, role -> role));

  private static final Map<String, ReclaimPolicy> HOME_CHOICES =
      Map.of("delete", ReclaimPolicy.DELETE, "retain", ReclaimPolicy.RETAIN);

  Answer sessions(ApiRequest request, ServerResponse response) {
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
    return Answer.json(
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

  Answer session(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(
        () -> session(200, desktops.session(request.caller(), request.key())));
  }

  Answer create(ApiRequest request, ServerResponse response) {
    return withCreated(
        request,
        SessionOperations::startRequest,
        start -> session(201, desktops.start(request.caller(), start)));
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

  Answer change(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(() ->
        request.withBody(
            PATCH_TYPES,
            body -> {
              SessionChange change =
                  new SessionChange(
                      body.flag("suspended"), body.duration("extendBy"), body.duration("timeout"));
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

  Answer delete(ApiRequest request, ServerResponse response) {
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

  Answer diagnosis(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(
        () -> Answer.json(desktops.diagnose(request.caller(), request.key()), ApiJson::of));
  }

  Answer events(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(() ->
        AnswerWriter.isHead(request.http())
            ? Answer.Problem.notAllowed(Set.of("GET"))
            : stream(request, response));
  }

  private Answer stream(ApiRequest request, ServerResponse response) {
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

  Answer share(ApiRequest request, ServerResponse response) {
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

  Answer link(ApiRequest request, ServerResponse response) {
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

  Answer unshare(ApiRequest request, ServerResponse response) {
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

  Answer shared(ApiRequest request, ServerResponse response) {
    return request.withoutQuery(
        () -> Answer.json(desktops.shared(request.caller()), ApiJson::shared));
  }

  /** Reads the body of a POST, and continues with it or answers what is wrong in it. */
  private static <T> Answer withCreated(
      ApiRequest request, Function<BodyReader, T> reader, Function<T, Answer> next) {
    return request.withoutQuery(() ->
        request.withBody(
            CREATE_TYPES,
            body -> {
              T value = reader.apply(body);
              return body.problem()
                  .<Answer>map(problem -> problem)
                  .orElseGet(() -> next.apply(value));
            }));
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
                        ApiRoutes.ROOT
                            + "/sessions/"
                            + view.key().namespace()
                            + "/"
                            + view.key().name())
                    : Map.of()));
  }
}
