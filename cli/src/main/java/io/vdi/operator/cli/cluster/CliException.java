package io.vdi.operator.cli.cluster;

/**
 * A command cannot be completed. The message is one sentence for the user. Each case has its own
 * exit code, which scripts rely on.
 */
public abstract sealed class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private CliException(String message) {
    super(message);
  }

  /** The exit code of the process. */
  public abstract int exitCode();

  /** The API server rejected a request. */
  public static final class ApiRejected extends CliException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * @param status the HTTP status
     * @param message the API server's message
     */
    public ApiRejected(int status, String message) {
      super(message);
      this.status = status;
    }

    /** The same with the way out. */
    public ApiRejected with(String remedy) {
      return new ApiRejected(status, getMessage() + "; " + remedy);
    }

    /** Whether the caller lacks a permission, which says nothing about the state of the object. */
    public boolean isForbidden() {
      return status == 403;
    }

    @Override
    public int exitCode() {
      return 1;
    }
  }

  /**
   * The command is correct and cannot be completed: the API server is unreachable, an object does
   * not exist, a port is in use.
   */
  public static final class Failed extends CliException {
    private static final long serialVersionUID = 1L;

    public Failed(String message) {
      super(message);
    }

    @Override
    public int exitCode() {
      return 1;
    }
  }

  /** The command line is wrong: an option has a value that cannot be used. */
  public static final class Usage extends CliException {
    /** The exit code of every usage error; {@code EX_USAGE} of sysexits.h. */
    public static final int EXIT_CODE = 64;

    private static final long serialVersionUID = 1L;

    public Usage(String message) {
      super(message);
    }

    @Override
    public int exitCode() {
      return EXIT_CODE;
    }
  }

  /** The thread of the command was interrupted. The exit code is that of a shell after SIGINT. */
  public static final class Interrupted extends CliException {
    private static final long serialVersionUID = 1L;

    private Interrupted() {
      super("interrupted");
    }

    /** Restores the interrupt flag of the current thread, and returns the exception to throw. */
    public static Interrupted restoringFlag() {
      Thread.currentThread().interrupt();
      return new Interrupted();
    }

    @Override
    public int exitCode() {
      return 130;
    }
  }
}
