package dev.lateen.control.inject;

/** A pod or manifest that cannot be injected; the message says where and what to do. */
public final class InjectionException extends RuntimeException {
    /** A message for the user. */
    public InjectionException(String message) {
        super(message);
    }
}
