package dev.lateen.proxycore;

/**
 * A resource that cannot be honoured as it stands. The message names the resource, the place in it and what is wrong;
 * it is fit to be sent back as the error detail of a NACK.
 */
public final class CompileException extends Exception {
    private final Place place;

    CompileException(Place place, String reason) {
        super(place + ": " + reason);
        this.place = place;
    }

    /** Where in which resource. */
    public Place place() {
        return place;
    }
}
