package dev.lateen.config.yaml;

/** Ends the reading of one document. */
final class MalformedYaml extends Exception {
    private final int line;

    MalformedYaml(int line, String message) {
        super(message);
        this.line = line;
    }

    int line() {
        return line;
    }
}
