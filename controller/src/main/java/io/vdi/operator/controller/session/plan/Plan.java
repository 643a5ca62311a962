package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.VdiSession;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The writes of one pass over a session.
 *
 * @param steps sorted by their order
 * @param status the status after all steps; empty when the session has nothing left to report
 *     because it is being deleted and has no pod and no route
 */
public record Plan(List<Step> steps, Optional<VdiSession.Status> status, Requeue requeue) {
  public Plan {
    steps = steps.stream().sorted(Comparator.comparing(Step::order)).toList();
  }

  /** The writes that give the user access to the Secret of the session, without a status. */
  public Plan access() {
    return new Plan(steps.stream().filter(Plan::givesAccess).toList(), Optional.empty(), requeue);
  }

  /** All other writes, and the status. */
  public Plan withoutAccess() {
    return new Plan(steps.stream().filter(step -> !givesAccess(step)).toList(), status, requeue);
  }

  /** The same writes with another status, if it has one. */
  public Plan withStatus(UnaryOperator<VdiSession.Status> change) {
    return new Plan(steps, status.map(change), requeue);
  }

  private static boolean givesAccess(Step step) {
    return step.order() == Step.Order.ACCESS || step.order() == Step.Order.GRANT;
  }

  public boolean createsPod() {
    return steps.stream().anyMatch(step -> step.action() instanceof Action.CreatePod);
  }

  /** The actions of this order. */
  public List<Action> actions(Step.Order order) {
    return steps.stream().filter(step -> step.order() == order).map(Step::action).toList();
  }

  /** Whether the session no longer exists for the controller after this plan. */
  public boolean removesFinalizer() {
    return steps.stream().anyMatch(step -> step.action() instanceof Action.RemoveFinalizer);
  }

  /** The action that stops the pod of the session. */
  public Optional<Action> podStop() {
    return steps.stream()
        .map(Step::action)
        .filter(action ->
            switch (action) {
              case Action.Delete _ -> action.kind().equals(Optional.of(ChildKind.POD));
              case Action.ReplacePod _, Action.MovePod _, Action.ForceDeletePod _ -> true;
              case Action.AddFinalizer _,
                  Action.RemoveFinalizer _,
                  Action.Create _,
                  Action.CreateSecret _,
                  Action.CreatePod _,
                  Action.Update _,
                  Action.ApplyShared _,
                  Action.RenewTurn _,
                  Action.AddViewerPassword _,
                  Action.SetOwner _,
                  Action.ResizeHome _,
                  Action.AnnounceDrain _,
                  Action.CancelDrain _ ->
                  false;
            })
        .findFirst();
  }

  public boolean isEmpty() {
    return steps.isEmpty();
  }
}
