package dev.lateen.cluster.node;

/** A container that cannot be made from its specification as things are; the text is for the pod's status. */
final class ConfigurationException extends Exception {
    ConfigurationException(String message) {
        super(message);
    }
}
