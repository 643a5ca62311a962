package io.vdi.operator.e2e.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.e2e.node.OperatorNode;
import io.vdi.operator.e2e.node.SharedNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Produces every {@link KnownCause} on the node and requires that the doctor names it first. If the
 * doctor's remedy is a command that fixes the cause, the test runs exactly this command and
 * requires that it does.
 *
 * <p>There is one class of tests for each class of checks in {@code cli.doctor}. They are nested
 * here to share one node and one set of sessions: to start them takes minutes. {@link
 * SampledGroups} decides which of them run.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Order(2)
@ExtendWith(SampledGroups.class)
class FaultsIT {
  private final Path folder;
  private Optional<FaultySessions> sessions = Optional.empty();
  private DoctorHarness harness;

  FaultsIT(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeAll
  void start() {
    OperatorNode node = SharedNode.withDefaults();
    assumeTrue(TurnRelay.isProvided(), "needs the Debian package coturn");
    harness = new DoctorHarness(node, folder);
    harness.relay().start();
    sessions = Optional.of(new FaultySessions(harness));
    sessions.get().create();
    harness.awaitRunning(DoctorHarness.ALICE);
  }

  @AfterAll
  void end() {
    sessions.ifPresent(created -> {
      harness.relay().kill();
      created.delete();
    });
  }

  // The control plane comes first: meanwhile the faulty sessions reach the state they are tested
  // in.

  @Nested
  @Order(1)
  class Healthy extends HealthyTests {
    Healthy() {
      super(harness);
    }
  }

  @Nested
  @Order(2)
  class ControlPlane extends ControlPlaneFaults {
    ControlPlane() {
      super(harness);
    }
  }

  @Nested
  @Order(3)
  class Services extends ServiceFaults {
    Services() {
      super(harness);
    }
  }

  @Nested
  @Order(4)
  class Webhook extends WebhookFaults {
    Webhook() {
      super(harness);
    }
  }

  @Nested
  @Order(5)
  class Admission extends AdmissionFaults {
    Admission() {
      super(harness);
    }
  }

  @Nested
  @Order(6)
  class Workload extends WorkloadFaults {
    Workload() {
      super(harness);
    }
  }

  @Nested
  @Order(7)
  class Storage extends StorageFaults {
    Storage() {
      super(harness);
    }
  }

  @Nested
  @Order(8)
  class Desktop extends DesktopFaults {
    Desktop() {
      super(harness);
    }
  }

  @Nested
  @Order(9)
  class Network extends NetworkFaults {
    Network() {
      super(harness);
    }
  }

  @Nested
  @Order(10)
  class Route extends RouteFaults {
    Route() {
      super(harness);
    }
  }

  @Nested
  @Order(11)
  class Relay extends RelayFaults {
    Relay() {
      super(harness);
    }
  }

  @Nested
  @Order(12)
  class Gpus extends GpuFaults {
    Gpus() {
      super(harness);
    }
  }

  @Nested
  @Order(13)
  class Gate extends GateFaults {
    Gate() {
      super(harness);
    }
  }

  @Nested
  @Order(14)
  class Catalogue {
    @Test
    void everyKnownCauseWasNamedFirst() {
      DoctorHarness.say(
          harness.found().size()
              + " of "
              + KnownCause.values().length
              + " causes were named first");
      Set<KnownCause> expected = EnumSet.allOf(KnownCause.class);
      // Only with unit tests: under libfaketime, timed waits of a JVM return at once and use all
      // CPUs of the node.
      expected.remove(KnownCause.GATE_CLOCK);
      if (Collections.disjoint(harness.found(), GateFaults.CAUSES)) {
        // They were skipped: there is no memory for Keycloak.
        expected.removeAll(GateFaults.CAUSES);
      }
      assertEquals(expected, harness.found());
    }
  }
}
