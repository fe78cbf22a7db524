import pytest
import yaml

from opsplaybook.batch.plan import read_plan
from opsplaybook.errors import UsageError
from opsplaybook.params import read_yaml, resolve
from opsplaybook.playbooks import account_review, customer_portrait
from opsplaybook.widgets.keeping import save_params

PARAMS = account_review.Params(account_id="A-0012", period_days=60, key_actions=("a", "b"))


def test_what_is_kept_is_what_is_read_again(tmp_path):
    path = save_params(PARAMS, "account_review", "mine", tmp_path)
    assert resolve(account_review.Params, read_yaml(path)) == PARAMS
    head = path.read_text().splitlines()[0]
    assert head.startswith("# account_review: kept from its panel by ")


def test_the_plan_beside_it_runs_the_same(tmp_path):
    save_params(PARAMS, "account_review", "mine", tmp_path)
    (run,) = read_plan(tmp_path / "batches" / "mine.yaml").runs
    assert resolve(account_review.Params, run.params) == PARAMS


def test_weights_and_lists_survive(tmp_path):
    params = customer_portrait.Params(weights=(28, 15, 10, 10, 10, 5, 5, 10, 7))
    path = save_params(params, "customer_portrait", "weights", tmp_path)
    assert yaml.safe_load(path.read_text())["weights"][0] == 28
    assert resolve(customer_portrait.Params, read_yaml(path)) == params


def test_a_file_is_not_replaced_silently(tmp_path):
    save_params(PARAMS, "account_review", "mine", tmp_path)
    other = PARAMS.model_copy(update={"period_days": 30})
    with pytest.raises(UsageError, match="such a file already"):
        save_params(other, "account_review", "mine", tmp_path)
    assert read_yaml(tmp_path / "mine.yaml")["period_days"] == 60
    save_params(other, "account_review", "mine", tmp_path, replace=True)
    assert read_yaml(tmp_path / "mine.yaml")["period_days"] == 30


def test_a_name_that_nobody_wrote_is_asked_for(tmp_path):
    with pytest.raises(UsageError, match="there is no name yet"):
        save_params(PARAMS, "account_review", "", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "a/b", "a.yaml", ".hidden", "x" * 65, "a b"])
def test_a_name_that_is_a_path_or_nothing_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be the name of a file"):
        save_params(PARAMS, "account_review", name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "params").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        save_params(PARAMS, "account_review", "mine", tmp_path / "params")
