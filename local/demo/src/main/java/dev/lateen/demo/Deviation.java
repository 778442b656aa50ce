package dev.lateen.demo;

/** Why a line differs from the text that the tutorial follows: the closed list, which {@code tutorial/README.md} holds too. */
enum Deviation {
    DOWNLOAD("nothing is downloaded, unpacked or moved: istioctl is there already"),
    INSTALL("lateen install and uninstall stand for Helm 2, whose flags are gone"),
    NOT_FOUND("--ignore-not-found where the text deletes a second time"),
    LOOP("an endless loop runs 5 turns, and then inside one exec for the count"),
    QUESTION("mode=, delay= or -m where a claim needs it"),
    WAIT("what a person waits for by eye"),
    POLICY("policyConnections is a DestinationRule, as the text left it to be updated"),
    HEADER("the header is User; the text says both Me and User"),
    GRAPH("graph and tracing are named the right way round"),
    PORT("an ordinary user's gateway has another port"),
    OUTSIDE("a pod at 198.51.100.10 stands in for the internet"),
    PROOF("asked beside the text, to see what a claim says");

    private final String reason;

    Deviation(String reason) {
        this.reason = reason;
    }

    /** The reason in words. */
    public String reason() {
        return reason;
    }
}
