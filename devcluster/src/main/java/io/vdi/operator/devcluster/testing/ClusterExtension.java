package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceList;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A JUnit extension: one cluster for the whole run, and a namespace for each test class. Tests get
 * them as parameters of type {@link Cluster}, {@link KubeClient} (as admin) and {@link
 * TestNamespace}.
 */
public final class ClusterExtension
    implements BeforeAllCallback, AfterAllCallback, ParameterResolver {
  private static final Namespace STORE = Namespace.create(ClusterExtension.class);
  private static final AtomicInteger COUNTER = new AtomicInteger();

  /** The number of this JVM among those that run the tests of a module. */
  private static final String TEST_JVM = System.getProperty("vdi.testJvm", "1");

  /**
   * The namespace of the test class.
   *
   * @param patience how long each {@code await…} method of its sessions waits before it fails
   */
  public record TestNamespace(KubeClient api, String name, Duration patience) {
    /** The same namespace with another limit for waiting. */
    public TestNamespace withPatience(Duration limit) {
      return new TestNamespace(api, name, limit);
    }

    /** A session of this name, which need not exist yet. */
    public SessionFixture session(String session) {
      return new SessionFixture(api, name, session, patience);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private record Shared(Cluster cluster, KubeClient api, NodeHeartbeat heartbeat)
      implements AutoCloseable {
    @Override
    public void close() {
      heartbeat.close();
      api.close();
      if (cluster instanceof EmbeddedCluster embedded) {
        RbacUsage.write(embedded.folder(), TEST_JVM);
      }
      cluster.close();
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    namespace(context);
  }

  private static TestNamespace namespace(ExtensionContext context) {
    return context
        .getStore(STORE)
        .getOrComputeIfAbsent("namespace", key -> create(context), TestNamespace.class);
  }

  private static TestNamespace create(ExtensionContext context) {
    String simple = context.getRequiredTestClass().getSimpleName().toLowerCase(Locale.ROOT);
    // The time makes the name unique in a cluster that outlives this run.
    String name =
        "it-%s-%d-%x"
            .formatted(
                simple.substring(0, Math.min(simple.length(), 30)),
                COUNTER.incrementAndGet(),
                System.currentTimeMillis() / 1000);
    KubeClient api = shared(context).api();
    Manifests.apply(api, "{apiVersion: v1, kind: Namespace, metadata: {name: " + name + "}}");
    return new TestNamespace(api, name, SessionFixture.PATIENCE);
  }

  /**
   * Deletes the finalizers of the sessions, because no controller runs that would remove them, then
   * the sessions, so that the quotas of the next class do not count them, then the namespace.
   */
  @Override
  public void afterAll(ExtensionContext context) {
    KubeClient api = shared(context).api();
    String name = namespace(context).name();
    JsonObject noFinalizers =
        JsonParser.parseString("{\"metadata\": {\"finalizers\": null}}").getAsJsonObject();
    api
        .list(ResourceType.SESSION, name, "")
        .ok()
        .map(ResourceList::items)
        .orElse(List.of())
        .stream()
        .map(VdiSession::name)
        .forEach(session -> api.mergePatch(ResourceType.SESSION, name, session, noFinalizers));
    api.request("DELETE", ResourceType.SESSION.path(name), null);
    api.request("DELETE", "/api/v1/namespaces/" + name, null);
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Cluster.class || type == KubeClient.class || type == TestNamespace.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    Map<Class<?>, Object> values =
        Map.of(
            Cluster.class, shared(context).cluster(),
            KubeClient.class, shared(context).api(),
            TestNamespace.class, namespace(context));
    return values.get(type);
  }

  /**
   * The cluster. JUnit closes every AutoCloseable in the store of the session at the end of the
   * JVM. The root store would end with each class where Failsafe has several JVMs.
   */
  private static Shared shared(ExtensionContext context) {
    return context
        .getStore(StoreScope.LAUNCHER_SESSION, STORE)
        .getOrComputeIfAbsent(
            Shared.class,
            type -> {
              PollIntervals.setDefault(Duration.ofMillis(200));
              Cluster cluster = ClusterProvider.open();
              KubeClient api = cluster.connect();
              return new Shared(cluster, api, new NodeHeartbeat(api, TestTemplates.MANUAL_NODE));
            },
            Shared.class);
  }
}
