package dev.lateen.cli;

/** A verb that cannot do what was asked; the message is all that the user needs. */
final class CommandException extends Exception {
    CommandException(String message) {
        super(message);
    }
}
