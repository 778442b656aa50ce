package dev.lateen.ops;

/** A verb cannot do what was asked; the message says what stood in its way and is all that the user needs. */
public final class OperationException extends Exception {
    public OperationException(String message) {
        super(message);
    }
}
