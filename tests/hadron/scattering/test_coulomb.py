"""Coulomb functions against mpmath with forty digits, their differential equation and their refusals."""

import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.hadron.scattering.coulomb import coulomb_functions

MPMATH = {  # (l, eta, rho): F, F', G, G' of mpmath 1.4.1
    (0, 0.0, 0.3): (0.2955202066613396, 0.955336489125606, 0.955336489125606, -0.2955202066613396),
    (0, 0.5, 0.1): (0.03951880240904034, 0.4133398678602091, 2.124374484116806, -3.084894379837555),
    (0, 0.5, 1.0): (0.5166015003141816, 0.5929245553607208, 1.197486970798486, -0.5613235155389484),
    (0, -0.8, 0.05): (0.107984600757371, 2.070291920825816, 0.517689004591188, 0.6646073903328897),
    (0, -0.8, 4.0): (-0.2141558223951965, 1.052928602003662, 0.8951924384726633, 0.2681518372578108),
    (1, 3.0, 2.5): (0.02913323362244487, 0.04348700261063986, 13.11306662129276, -14.75126459272469),
    (2, 0.0, 1.1): (0.08131733372360653, 0.2087426900418975, 3.101587888888033, -4.335683236620826),
    (3, -2.0, 20.0): (0.9613780502262041, -0.01712590780250279, -0.01716120755175292, -1.039867821515653),
    (0, 8.0, 3.0): (2.727779370883685e-6, 5.969596957351639e-6, 87893.14388203344, -174249.1936053325),
    (5, 1.0, 12.0): (-0.8832594728924737, -0.5334637093684233, -0.692226672297086, 0.7140848312751913),
    (0, 0.001, 60.0): (-0.299699281695146, -0.9540265144323472, -0.9540424546746481, 0.2996944198138853),
    (0, 14.0, 6.0): (1.957938156379507e-9, 3.854969474380621e-9, 133297186.1961384, -248293550.3397112),
}


@pytest.mark.parametrize(("l", "eta", "rho"), MPMATH)
def test_coulomb_functions_are_those_of_mpmath(l, eta, rho):  # noqa: E741
    found = np.array(coulomb_functions(l, np.array(eta), np.array(rho)))
    F, F_slope, G, G_slope = MPMATH[l, eta, rho]
    assert found[:2] == pytest.approx([F, F_slope], rel=2e-12, abs=2e-13 * min(1, abs(F) + abs(F_slope)))
    assert found[2:] == pytest.approx([G, G_slope], rel=2e-12, abs=2e-13)


def test_many_at_a_time_are_those_one_by_one():
    eta, rho = np.meshgrid([-1.0, 0.0, 2.0], [0.2, 3.0, 40.0])
    together = np.array(coulomb_functions(1, eta, rho))
    single = [np.array(coulomb_functions(1, *pair)) for pair in zip(eta.flat, rho.flat, strict=True)]
    for found, wanted in zip(together.reshape(4, -1).T, single, strict=True):
        assert found == pytest.approx(wanted, rel=1e-11)


def test_no_coulomb_function_at_the_origin_or_deep_below_the_barrier():
    with pytest.raises(InputError, match="positive"):
        coulomb_functions(0, np.array(0.0), np.array([1.0, 0.0]))
    with pytest.raises(InputError, match="deep below"):
        coulomb_functions(0, np.array(2000.0), np.array(1.0))
