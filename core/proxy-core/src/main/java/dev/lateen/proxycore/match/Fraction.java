package dev.lateen.proxycore.match;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A share of requests, in Envoy's fractions of 100, 10,000 or 1,000,000. Runtime keys name a layer of configuration
 * that proxies here do not have, so the default value always holds.
 *
 * @param numerator 0 and below is never
 * @param denominator 100, 10,000 or 1,000,000; a numerator of at least this is always
 */
public record Fraction(int numerator, int denominator) {
    public static final Fraction NEVER = new Fraction(0, 100);
    public static final Fraction ALWAYS = new Fraction(100, 100);

    private static final int DIGITS = 8;

    public static Fraction of(RuntimeFractionalPercent proto, Place at) throws CompileException {
        return of(proto.getDefaultValue(), at.field("default_value"));
    }

    public static Fraction of(FractionalPercent proto, Place at) throws CompileException {
        int denominator =
                switch (proto.getDenominator()) {
                    case HUNDRED -> 100;
                    case TEN_THOUSAND -> 10_000;
                    case MILLION -> 1_000_000;
                    case UNRECOGNIZED ->
                        throw at.field("denominator").refuse("not a denominator: " + proto.getDenominatorValue());
                };
        int numerator = proto.getNumerator();
        return new Fraction(numerator < 0 ? denominator : numerator, denominator); // uint32 beyond 2^31 is always
    }

    /** Whether this request is in the share; asks for a random number only when it matters. */
    public boolean takes(RandomGenerator random) {
        return numerator >= denominator || (numerator > 0 && random.nextInt(denominator) < numerator);
    }

    /** Whether what was drawn, a number that is not negative, is in the share. */
    public boolean takes(long drawn) {
        return drawn % denominator < numerator;
    }

    /**
     * What a request's id draws, so that all who see it draw the same: its first eight hexadecimal digits, as Envoy takes
     * them; null where they are none.
     */
    public static @Nullable Long drawn(@Nullable String id) {
        try {
            return id == null || id.length() < DIGITS
                    ? null
                    : (Long) Integer.toUnsignedLong(Integer.parseUnsignedInt(id, 0, DIGITS, 16));
        } catch (NumberFormatException e) {
            return null; // an id of another form
        }
    }

    /** Such as {@code 12.5 %}. */
    @Override
    public String toString() {
        double percent = Math.min(100.0, 100.0 * numerator / denominator);
        return (percent == Math.rint(percent) ? String.valueOf((long) percent) : String.valueOf(percent)) + " %";
    }
}
