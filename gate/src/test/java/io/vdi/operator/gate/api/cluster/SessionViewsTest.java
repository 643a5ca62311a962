package io.vdi.operator.gate.api.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.SessionView.Action;
import io.vdi.operator.gate.api.SharingView;
import io.vdi.operator.gate.api.StartStep;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.desktop.Visitor;
import io.vdi.operator.gate.portal.view.Texts;
import io.vdi.operator.gate.portal.view.Views;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ResourceBundle;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SessionViewsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
  private static final ApiUser ALICE = new ApiUser("alice@example.com", List.of(), false);

  private static final DesktopSettings SETTINGS =
      new DesktopSettings(
          new Identity(
              Identity.Mode.ENFORCE,
              Set.of("admins"),
              Set.of(),
              new IdentityMapping(Map.of(), "", "oidc:")),
          "oidc:",
          false,
          true,
          Optional.of(URI.create("https://portal.example.com/link")),
          UserNamespaces.DEFAULT,
          false,
          new QuotaLimits(QuotaLimits.Mode.REJECT, Map.of()),
          GpuBudgets.NONE,
          Duration.ofMinutes(10),
          Duration.ofHours(1),
          "vdi-system",
          ZoneOffset.UTC);

  private static final VdiTemplate TEMPLATE =
      json(
          VdiTemplate.class,
          "{metadata: {name: base}, spec: {image: x, maxTimeout: 4h, timeout: 2h, idleTimeout: 30m}}");

  private static final ClusterDesktops.Guests NOBODY =
      new ClusterDesktops.Guests(uid -> List.of(), key -> Optional.empty());

  private static <T> T json(Class<T> type, String json) {
    return KubeGson.gson().fromJson(json, type);
  }

  private static VdiSession session(String status) {
    return json(
        VdiSession.class,
        """
        {metadata: {name: a, namespace: desks, uid: u, resourceVersion: '5', generation: 1,
           creationTimestamp: '2026-01-01T10:00:00Z'},
         spec: {user: 'alice@example.com', template: base}, status: %s}
        """
            .formatted(status));
  }

  private static SessionView view(String status, Optional<Pod> pod) {
    return SessionViews.of(
        session(status), Optional.of(TEMPLATE), pod, ALICE, SETTINGS, NOBODY, NOW);
  }

  private static List<StartStep.State> states(SessionView view) {
    return view.steps().stream().map(StartStep::state).toList();
  }

  private static Pod pod(String status) {
    return json(Pod.class, "{metadata: {name: a}, spec: {nodeName: n1}, status: " + status + "}");
  }

  @Test
  @DisplayName("a running session has timers and can be opened")
  void running() {
    SessionView view =
        view(
            """
            {phase: Running, url: 'https://alice.example.com/', startTime: '2026-01-01T11:00:00Z',
             lastActivityTime: '2026-01-01T11:50:00Z',
             conditions: [{type: RouteReady, status: 'True'}]}
            """,
            Optional.empty());
    assertThat(view.timers().endsAt()).contains(Instant.parse("2026-01-01T13:00:00Z"));
    assertThat(view.timers().sleepsAt()).contains(Instant.parse("2026-01-01T12:20:00Z"));
    assertThat(view.actions())
        .containsExactlyInAnyOrder(
            Action.OPEN, Action.SUSPEND, Action.EXTEND, Action.SHARE, Action.LINK, Action.DELETE);
    assertThat(states(view)).containsOnly(StartStep.State.DONE);
    assertThat(view.isOwn()).isTrue();
  }

  @Test
  @DisplayName(
      "the owner sees guests and visitors, an admin can watch, and a guest sees an address")
  void sharing() {
    VdiSession session =
        json(
            VdiSession.class,
            """
            {metadata: {name: a, namespace: desks, uid: u, resourceVersion: '5',
               creationTimestamp: '2026-01-01T10:00:00Z'},
             spec: {user: 'alice@example.com', template: base, shares: [{user: bob@example.com},
               {user: dave@example.com, until: '2026-01-01T12:00:00Z'}]},
             status: {phase: Running, url: 'https://alice.example.com/'}}
            """);
    ClusterDesktops.Guests guests =
        new ClusterDesktops.Guests(
            uid ->
                List.of(
                    new Visitor(
                        SessionKey.of(session), uid, "bob@example.com", Role.VIEW, NOW, NOW)),
            key -> Optional.of("it is too old"));
    SessionView own =
        SessionViews.of(
            session, Optional.of(TEMPLATE), Optional.empty(), ALICE, SETTINGS, guests, NOW);
    assertThat(own.sharing().shares()).isEqualTo(session.spec().shares());
    assertThat(own.sharing().visitors())
        .containsExactly(
            new SharingView.VisitorView("bob@example.com", SharingView.VisitorRole.VIEW, NOW));
    assertThat(own.sharing().viewObstacle()).contains("it is too old");
    assertThat(own.actions()).contains(Action.SHARE).doesNotContain(Action.WATCH);
    ApiUser admin = new ApiUser("root@example.com", List.of("admins"), true);
    assertThat(
            SessionViews.of(
                    session, Optional.of(TEMPLATE), Optional.empty(), admin, SETTINGS, NOBODY, NOW)
                .actions())
        .contains(Action.WATCH)
        .doesNotContain(Action.OPEN);
    for (String guest : List.of("alice", "bob", "carol", "dave")) {
      ApiUser caller = new ApiUser(guest + "@example.com", List.of(), false);
      assertThat(
              SessionViews.shared(session, Optional.of(TEMPLATE), caller, SETTINGS, NOW)
                  .isPresent())
          .as(guest)
          .isEqualTo(guest.equals("bob"));
    }
    VdiTemplate other =
        json(VdiTemplate.class, "{metadata: {name: base}, spec: {image: x, flavor: kasmvnc}}");
    ApiUser bob = new ApiUser("bob@example.com", List.of(), false);
    assertThat(SessionViews.shared(session, Optional.of(other), bob, SETTINGS, NOW)).isEmpty();
  }

  @Test
  @DisplayName("a stop of the schedule can be postponed where the timeout cannot be raised")
  void schedule() {
    VdiTemplate template =
        json(
            VdiTemplate.class,
            """
            {metadata: {name: base}, spec: {image: x, maxTimeout: 4h, timeout: 4h,
             schedule: [{days: [Thu], stop: '13:00', timeZone: UTC}]}}
            """);
    VdiSession session =
        session(
            "{phase: Running, url: 'https://a.example.com/', startTime: '2026-01-01T11:00:00Z'}");
    SessionView view =
        SessionViews.of(
            session, Optional.of(template), Optional.empty(), ALICE, SETTINGS, NOBODY, NOW);
    assertThat(view.timers().stopsAt()).contains(Instant.parse("2026-01-01T13:00:00Z"));
    assertThat(view.actions()).contains(Action.EXTEND);
    assertThat(view.timers().canExtend(Duration.ofHours(2))).isTrue();
    assertThat(view.timers().canExtend(Duration.ofHours(3))).isFalse();
    SessionView unscheduled =
        SessionViews.of(
            session,
            Optional.of(
                json(
                    VdiTemplate.class,
                    "{metadata: {name: base}, spec: {image: x, maxTimeout: 4h, timeout: 4h}}")),
            Optional.empty(),
            ALICE,
            SETTINGS,
            NOBODY,
            NOW);
    assertThat(unscheduled.timers().stopsAt()).isEmpty();
    assertThat(unscheduled.actions()).doesNotContain(Action.EXTEND);
  }

  @Test
  @DisplayName("the steps follow the conditions and the pod")
  void steps() {
    String placed =
        """
        {phase: Creating, conditions: [{type: PodScheduled, status: 'True'},
         {type: StorageReady, status: 'True'}, {type: RouteReady, status: 'True'}],
         url: 'https://alice.example.com'}
        """;
    String waiting =
        """
        {phase: Pending, message: 'waiting for the volume of the home',
         conditions: [{type: PodScheduled, status: 'False', message: 'Insufficient cpu'},
         {type: StorageReady, status: 'False', message: 'waiting for a volume'}]}
        """;
    assertThat(states(view(waiting, Optional.empty())))
        .containsExactly(
            StartStep.State.ACTIVE,
            StartStep.State.ACTIVE,
            StartStep.State.WAITING,
            StartStep.State.WAITING,
            StartStep.State.WAITING);
    String pulling = "{containerStatuses: [{state: {waiting: {reason: ContainerCreating}}}]}";
    assertThat(states(view(placed, Optional.of(pod(pulling)))))
        .containsExactly(
            StartStep.State.DONE,
            StartStep.State.DONE,
            StartStep.State.ACTIVE,
            StartStep.State.WAITING,
            StartStep.State.DONE);
    String started = "{containerStatuses: [{state: {}}]}";
    assertThat(states(view(placed, Optional.of(pod(started)))))
        .containsExactly(
            StartStep.State.DONE,
            StartStep.State.DONE,
            StartStep.State.DONE,
            StartStep.State.ACTIVE,
            StartStep.State.DONE);
  }

  @Test
  @DisplayName("a cause fails the step that it concerns, with the remedy of the catalogue")
  void failed() {
    SessionView view =
        view(
            """
            {phase: Failed, message: 'ImagePullBackOff: no such image [VDI231]',
             conditions: [{type: PodScheduled, status: 'True'}, {type: StorageReady, status: 'True'}]}
            """,
            Optional.of(
                pod(
                    "{containerStatuses: [{state: {waiting: {reason: ImagePullBackOff, message: no}}}]}")));
    assertThat(view.message()).isEqualTo("ImagePullBackOff: no such image");
    assertThat(view.cause().map(CauseView::code)).contains("VDI231");
    StartStep image = view.steps().get(2);
    assertThat(image.state()).isEqualTo(StartStep.State.FAILED);
    assertThat(image.cause().map(CauseView::remedy)).isPresent();
    assertThat(view.actions()).doesNotContain(Action.OPEN);
  }

  @Test
  @DisplayName("the diagnosis names the failed check once, and skips those that depend on it")
  void diagnosis() {
    DiagnosisView diagnosis =
        SessionDiagnosis.of(
            session(
                """
                {phase: Failed, observedGeneration: 1, message: 'ErrImagePull: no [VDI231]',
                 conditions: [{type: Failed, status: 'True', reason: ErrImagePull}]}
                """),
            Optional.of(TEMPLATE),
            Optional.of(
                pod(
                    "{containerStatuses: [{state: {waiting: {reason: ErrImagePull, message: no}}}]}")),
            Optional.empty(),
            WatchedNamespaces.ALL,
            Map.of("session", "a", "namespace", "desks", "template", "base", "operator", "o"),
            NOW);
    assertThat(diagnosis.checks())
        .filteredOn(check -> check.result() == DiagnosisView.Result.FAILED)
        .singleElement()
        .satisfies(check -> {
          assertThat(check.name()).isEqualTo("image");
          assertThat(check.cause().map(CauseView::code)).contains("VDI231");
        });
    assertThat(diagnosis.checks())
        .filteredOn(check -> Set.of("home", "container", "selkies").contains(check.name()))
        .allMatch(check -> check.observed().equals("because of VDI231"));
  }

  @Test
  @DisplayName("every check has a German title, and what the gate has found is German")
  void german() {
    Views views = new Views(Texts.of("de"), NOW);
    String running =
        """
        {phase: Running, observedGeneration: 1, conditions: [{type: RouteReady, status: 'True'}]}
        """;
    String ready =
        "{phase: Running, conditions: [{type: PodScheduled, status: 'True'}, {type: Ready, status:"
            + " 'True'}], containerStatuses: [{state: {}}]}";
    Set<String> data = Set.of("base", "Pending", "Running", "n1", "");
    for (List<DiagnosisView.Check> checks :
        List.of(
            checks("{}", Optional.empty()),
            checks("{phase: Pending}", Optional.of(pod("{}"))),
            checks(running, Optional.of(pod(ready))),
            checks(running, Optional.empty()))) {
      assertThat(checks.stream().map(check -> "check." + check.name()))
          .containsExactlyInAnyOrderElementsOf(
              ResourceBundle.getBundle("io.vdi.operator.gate.portal.view.Catalogue", Locale.GERMAN)
                  .keySet()
                  .stream()
                  .filter(key -> key.startsWith("check."))
                  .toList());
      assertThat(checks)
          .allSatisfy(check ->
              assertThat(views.check(check).observed().original())
                  .matches(original -> data.contains(original)));
    }
  }

  private static List<DiagnosisView.Check> checks(String status, Optional<Pod> pod) {
    return SessionDiagnosis.of(
            session(status),
            Optional.of(TEMPLATE),
            pod,
            Optional.empty(),
            WatchedNamespaces.ALL,
            Map.of("session", "a", "namespace", "desks", "template", "base", "operator", "o"),
            NOW)
        .checks();
  }

  @Test
  @DisplayName("a missing template is the cause although its message has no code")
  void missingTemplate() {
    SessionView view =
        SessionViews.of(
            session(
                """
                {phase: Failed, message: 'Template not found: base',
                 conditions: [{type: TemplateResolved, status: 'False'}]}
                """),
            Optional.empty(),
            Optional.empty(),
            ALICE,
            SETTINGS,
            NOBODY,
            NOW);
    assertThat(view.phase()).isEqualTo(Phase.FAILED);
    assertThat(view.message()).isEqualTo("Template not found: base");
    assertThat(view.cause()).isPresent();
    assertThat(view.displayName()).isEqualTo("base");
  }
}
