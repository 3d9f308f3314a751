"""One module per API. Each declares its routes with `housekey.api.door.route`; `housekey.api.urls` imports every one of them."""
