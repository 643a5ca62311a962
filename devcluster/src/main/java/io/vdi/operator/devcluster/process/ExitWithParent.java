package io.vdi.operator.devcluster.process;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/**
 * Runs another main class and exits when the process that started this one exits: {@link
 * ChildProcess} holds the other end of standard input. The services contain no code for this.
 */
public final class ExitWithParent {
  private ExitWithParent() {}

  public static void main(String[] args) throws ReflectiveOperationException {
    Thread.ofPlatform()
        .daemon()
        .name("exit-with-parent")
        .start(() -> {
          try {
            while (System.in.read() >= 0) {
              // Nothing is ever written to it.
            }
          } catch (IOException e) {
            // Standard input is closed: the parent has exited.
          }
          Runtime.getRuntime().halt(143);
        });
    try {
      Class.forName(args[0])
          .getMethod("main", String[].class)
          .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
