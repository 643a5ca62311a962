package io.vdi.operator.devcluster.testing;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;

/** Watches a namespace: which sessions are resumed, which pods start and how many GPUs they use. */
public final class SessionWatch implements AutoCloseable {
  private final String namespace;
  private final List<String> resumed = new CopyOnWriteArrayList<>();
  private final List<String> started = new CopyOnWriteArrayList<>();
  private final AtomicLong gpus = new AtomicLong();
  private final AtomicLong mostGpus = new AtomicLong();
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<Pod> pods;

  /** Starts to watch; pods that exist count as started. */
  public SessionWatch(KubeClient api, String namespace) {
    this.namespace = namespace;
    this.sessions =
        new ResourceCache<>(
            api, ResourceType.SESSION, "", InstantSource.system(), this::sessionChanged);
    this.pods =
        new ResourceCache<>(
            api,
            ResourceType.POD,
            Labels.MANAGED_SELECTOR,
            InstantSource.system(),
            this::podChanged);
    sessions.start();
    pods.start();
    Awaitility.await().until(() -> sessions.isSynced() && pods.isSynced());
  }

  private void sessionChanged(ResourceCache.Change<VdiSession> change) {
    if (change.object().namespace().equals(namespace)
        && change.before().filter(session -> session.spec().suspended()).isPresent()
        && change.now().filter(session -> !session.spec().suspended()).isPresent()) {
      resumed.add(change.object().name());
    }
  }

  private void podChanged(ResourceCache.Change<Pod> change) {
    if (!change.object().namespace().equals(namespace)) {
      return;
    }
    if (change.before().isEmpty()) {
      started.add(change.object().name());
      mostGpus.accumulateAndGet(gpus.addAndGet(change.object().gpus()), Math::max);
    } else if (change.now().isEmpty()) {
      gpus.addAndGet(-change.object().gpus());
    }
  }

  /** The names of the sessions in the order in which they were resumed. */
  public List<String> resumed() {
    return resumed;
  }

  /** The names of the pods in the order in which they were created. */
  public List<String> started() {
    return started;
  }

  /** The GPUs of all pods at the moment at which they were most. */
  public long mostGpus() {
    return mostGpus.get();
  }

  @Override
  public void close() {
    pods.close();
    sessions.close();
  }
}
