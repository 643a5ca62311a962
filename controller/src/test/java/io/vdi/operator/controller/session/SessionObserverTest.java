package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.HttpRoute;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.plan.ChildState;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.Ownership;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionObserverTest {
  private final FakeCluster cluster = FakeCluster.watched();
  private boolean traefikServed = true;
  private final SessionObserver observer =
      new SessionObserver(
          cluster.caches, type -> type.equals(ResourceType.INGRESS) || traefikServed);

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void everyExistingChildIsObserved() {
    cluster.putTemplate("");
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    for (ChildKind kind : ChildKind.values()) {
      cluster.putChild(kind.resourceTypes().getFirst(), kind.nameFor("desk"), session, "{}");
    }
    ObservedSession observed = observe(session, FakeCluster.CONFIG);
    assertThat(observed.children()).containsOnlyKeys(ChildKind.values());
    assertThat(observed.children().values())
        .extracting(ChildState::ownership)
        .containsOnly(Ownership.OURS);
    assertThat(observed.template()).isPresent();
    assertThat(observed.host()).isEqualTo("alice");
    assertThat(observed.otherRoutes()).isEmpty();
    assertThat(observed.quotaWait()).isEmpty();
    assertThat(observed.pod()).map(Pod::name).contains("desk");
    assertThat(observed.home()).isPresent();
  }

  @Test
  void aSessionWithoutTemplateAndChildrenIsObservedAsThat() {
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    ObservedSession observed = observe(session, FakeCluster.CONFIG);
    assertThat(observed.children()).isEmpty();
    assertThat(observed.template()).isEmpty();
  }

  @Test
  void theConfiguredRouteIsAChildAndTheOtherOneIsNot() {
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    cluster.putChild(ResourceType.INGRESS, "desk", session, "{}");
    ObservedSession traefik = observe(session, FakeCluster.CONFIG);
    assertThat(traefik.child(ChildKind.ROUTE)).isEmpty();
    assertThat(traefik.otherRoutes())
        .extracting(ChildState::type)
        .isEqualTo(List.of(ResourceType.INGRESS));
    ObservedSession ingress = observe(session, config(SessionConfig.IngressKind.INGRESS));
    assertThat(ingress.child(ChildKind.ROUTE))
        .map(ChildState::type)
        .isEqualTo(Optional.of(ResourceType.INGRESS));
    assertThat(ingress.otherRoutes()).isEmpty();
  }

  @Test
  void onlyTraefiksRoutesCanBeMissingInTheCluster() {
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    traefikServed = false;
    assertThat(observe(session, FakeCluster.CONFIG).routeTypeServed()).isFalse();
    assertThat(observe(session, config(SessionConfig.IngressKind.INGRESS)).routeTypeServed())
        .isTrue();
  }

  @Test
  void anHttpRouteIsObservedWithItsStatus() {
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    cluster.putChild(ResourceType.INGRESS_ROUTE, "desk", session, "{}");
    cluster.putChild(ResourceType.INGRESS, "desk", session, "{}");
    cluster.putChild(
        ResourceType.HTTP_ROUTE,
        "desk",
        session,
        """
        {"parents": [{"parentRef": {"name": "inner"}, "controllerName": "example.com/router",
          "conditions": [{"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners",
            "message": "no listener allows it"}]}]}
        """);
    ObservedSession observed = observe(session, config(SessionConfig.IngressKind.GATEWAY));
    assertThat(observed.otherRoutes())
        .extracting(ChildState::type)
        .isEqualTo(List.of(ResourceType.INGRESS_ROUTE, ResourceType.INGRESS));
    assertThat(observed.child(ChildKind.ROUTE).orElseThrow().object())
        .isInstanceOfSatisfying(
            HttpRoute.class,
            route ->
                assertThat(route.refusal())
                    .contains(
                        new HttpRoute.Refusal(
                            "inner", "NotAllowedByListeners", "no listener allows it")));
  }

  @Test
  void observingOnlyReads() {
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    observe(session, FakeCluster.CONFIG);
    assertThat(observer.find(SessionKey.of(session))).contains(session);
    assertThat(observer.find(new SessionKey(FakeCluster.NAMESPACE, "other"))).isEmpty();
    assertThat(cluster.server.requests(request -> !request.method().equals("GET"))).isEmpty();
  }

  private ObservedSession observe(VdiSession session, SessionConfig config) {
    return observer.observe(session, "alice", config, false);
  }

  private static SessionConfig config(SessionConfig.IngressKind kind) {
    return new SessionConfig(
        "vdi.example.com",
        new SessionConfig.Ingress(kind, Optional.empty(), List.of("websecure")),
        FakeCluster.CONFIG.tls(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
