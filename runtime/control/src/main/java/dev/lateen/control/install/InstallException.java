package dev.lateen.control.install;

/** The mesh cannot be installed or removed; the message is a sentence for the user. */
public final class InstallException extends Exception {
    InstallException(String message) {
        super(message);
    }

    InstallException(String message, Throwable cause) {
        super(message, cause);
    }
}
