"""What stands before every web page of the platform: who may ask what. Plain ASGI; knows no Dagster and no MLflow."""

from tme_platform.serving.guard import Guard
from tme_platform.serving.places import Places, loopback
from tme_platform.serving.settings import guarded, places, taken_token
from tme_platform.serving.token import Token, TokenError

__all__ = ["Guard", "Places", "Token", "TokenError", "guarded", "loopback", "places", "taken_token"]
